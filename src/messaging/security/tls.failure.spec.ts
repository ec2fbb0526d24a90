import { describe, expect, it } from 'vitest';
import {
  BROKEN_HANDSHAKE,
  CLOSED_BEFORE_GREETING,
  PEER_WITHOUT_TLS,
  SECRET_REFUSED,
} from './security.messages.js';
import { reasonOfDial, refusalOfHandshake } from './tls.failure.js';

function failure(code: string, message = 'x', reason?: string): Error {
  return Object.assign(new Error(message), { code, reason });
}

describe('a failed handshake', () => {
  it('of a dialler that only disconnected is no refusal', () => {
    expect(refusalOfHandshake(failure('ECONNRESET'), null)).toBeUndefined();
  });

  it('of an unknown kind has a short text, without the lines of OpenSSL', () => {
    const text = `${'0'.repeat(12)}:error:0A000100:SSL routines:f:strange record:../a.c:1:\n`;
    const strange = failure('ERR_SSL_STRANGE_RECORD', text, 'strange record');
    expect(refusalOfHandshake(strange, null)?.text).toBe(BROKEN_HANDSHAKE('strange record'));
    expect(reasonOfDial(failure('EPROTO', text), true)).toBe(BROKEN_HANDSHAKE('strange record'));
  });

  it('is told apart from a network that fails', () => {
    expect(reasonOfDial(failure('ECONNREFUSED'), true)).toBeUndefined();
    expect(reasonOfDial(failure('ETIMEDOUT'), false)).toBeUndefined();
  });

  it('that only shows as a closed connection says what may be missing', () => {
    expect(reasonOfDial(undefined, false)).toBe(CLOSED_BEFORE_GREETING);
    expect(reasonOfDial(failure('ECONNRESET'), true)).toBe(PEER_WITHOUT_TLS);
    const alert =
      'write EPROTO 80:error:0A00045B:SSL routines:f:tlsv1 alert unknown psk identity:x';
    expect(reasonOfDial(failure('EPROTO', alert), true)).toBe(SECRET_REFUSED);
  });
});
