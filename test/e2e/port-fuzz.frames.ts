import type { SeededRandom } from '../support/simulated/seeded.random.js';
import { frame } from '../support/messaging/messaging.members.js';

/** One thing to write to a port. */
export interface FuzzedFrame {
  readonly bytes: Buffer;
  /** The text that comes back, where it is a request like any other. */
  readonly echo?: { readonly id: number; readonly data: string };
  /** Nothing may be expected of the connection after it. */
  readonly isLast: boolean;
}

const ROUTES = ['leader:echo', 'leader:nothing', 'hedge:put', 'hedge:trim', 'hedge:news'];
const OTHERS = ['hedge:heartbeat', 'hedge:probe', 'hedge:hello', 'nothing', '__proto__', ''];
const ODD = [undefined, null, 0, -1, 1e308, '', 'x', [], {}, true, '\u2028', '\ud800'];

/** What strangers may send, in a proportion that has most of it reach the handlers. */
export function fuzzedFrame(random: SeededRandom, id: number): FuzzedFrame {
  const kind = random.next();
  if (kind < 0.4) return request(random, id);
  if (kind < 0.95) return wrongShape(random, id);
  const { bytes } = kind < 0.975 ? request(random, id) : wrongShape(random, id);
  return { bytes: spoilt(random, bytes), isLast: true };
}

function request(random: SeededRandom, id: number): FuzzedFrame {
  const data = 'ü#x'.repeat(Math.floor(random.between(0, 60)));
  const bytes = packet(id, 'leader:echo', { d: data, t: '0', w: 20_000 });
  return { bytes, echo: { id, data }, isLast: false };
}

/** JSON that is a request, of things nobody understands. */
function wrongShape(random: SeededRandom, id: number): FuzzedFrame {
  const route = random.pick([...ROUTES, ...OTHERS]);
  const d = oddValue(random, 3);
  const data = random.chance(0.5) ? { d, t: random.pick(['0', 'x', 7]), w: 1_000 } : d;
  return { bytes: packet(id, route, data), isLast: false };
}

function oddValue(random: SeededRandom, depth: number): unknown {
  if (depth === 0 || random.chance(0.3)) return random.pick(ODD);
  const parts = Array.from({ length: Math.floor(random.between(0, 4)) }, () =>
    oddValue(random, depth - 1),
  );
  if (random.chance(0.4)) return parts;
  const keys = ['id', 'key', 'keep', 'about', 'members', 'self', 'token', '__proto__'];
  return Object.fromEntries(parts.map((part) => [random.pick(keys), part]));
}

function spoilt(random: SeededRandom, bytes: Buffer): Buffer {
  const at = Math.floor(random.between(0, bytes.length));
  switch (Math.floor(random.between(0, 6))) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.from(bytes.map((byte, i) => (i === at ? random.between(0, 256) : byte)));
    case 2:
      return Buffer.from(Array.from(bytes, () => random.between(0, 256)));
    case 3:
      return Buffer.from(`${bytes.length * 2}${bytes.toString('latin1')}`);
    case 4: {
      const deep = '['.repeat(600) + ']'.repeat(600);
      return Buffer.from(`${deep.length}#${deep}`);
    }
    default:
      return Buffer.from(frame(random.pick([[], { id: 1 }, { pattern: 'x' }, 'x', null])));
  }
}

function packet(id: number, pattern: string, data: unknown): Buffer {
  return Buffer.from(frame({ id, pattern, data }));
}
