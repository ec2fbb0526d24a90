import type { MemberIdentity, RemoteMember } from '../wire/member.identity.js';
import { commonVersion, isHello, type HelloReply, type ProtocolRange } from '../wire/protocol.js';
import type { Refusal } from '../wire/refusal.js';
import {
  HELLO_MALFORMED,
  HELLO_WRONG_GROUP,
  HELLO_WRONG_MEMBER,
  HELLO_WRONG_STORE,
  HELLO_WRONG_VERSION,
} from './server.messages.js';

/** Reads the greeting of a member that dials: the reply to it, or why it is refused. */
export function readGreeting(
  hello: unknown,
  identity: MemberIdentity,
): { readonly refusal: Refusal } | { readonly reply: HelloReply; readonly from: RemoteMember } {
  const { id, instanceId, group, store, protocol } = identity;
  if (!isHello(hello)) return refuse('malformed', HELLO_MALFORMED);
  const version = commonVersion(hello, protocol);
  if (version === undefined) {
    return refuse('version', HELLO_WRONG_VERSION(spanOf(hello), spanOf(protocol)));
  }
  if (hello.group !== group) return refuse('group', HELLO_WRONG_GROUP(hello.group));
  if (hello.store !== store) return refuse('store', HELLO_WRONG_STORE);
  if (hello.to !== id) return refuse('member', HELLO_WRONG_MEMBER(hello.to, id));
  return {
    reply: { version, instanceId, id },
    from: { id: hello.from, instanceId: hello.instanceId },
  };
}

function refuse(kind: Refusal['kind'], text: string): { readonly refusal: Refusal } {
  return { refusal: { kind, text } };
}

function spanOf({ minVersion, version }: ProtocolRange): string {
  return `${minVersion}–${version}`;
}
