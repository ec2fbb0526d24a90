import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pageAt } from '../support/docs/published.pages.js';
import { importsOf, roomOf, survey, surveyHouse, upwardArrows } from './house.survey.js';

/** Lower rooms first: each may import those before it, through their doors. A folder in a folder is a room of its own. */
const ROOMS = [
  'abort.listeners',
  'hedge.channels',
  'errors',
  'decorators',
  'time',
  'store',
  'store/spanner',
  'store/sqlite',
  'database',
  'table',
  'session',
  'lock',
  'messaging/wire',
  'messaging/security',
  'messaging/streams',
  'messaging/server',
  'messaging/client',
  'messaging',
  'handlers',
  'membership',
  'broadcast',
  'leader',
  'sweep',
  'request',
  'queue',
  'semaphore',
  'log',
  'hedge.surroundings',
  'hedge.messages',
  'hedge.options',
  'hedge.module-definition',
  'member',
  'hedge.service',
  'hedge.module',
  'index',
  'schedule',
  'terminus',
  'testing',
  'cli/terminal',
  'cli/status',
  'cli',
  'opentelemetry',
];

/** What every room may import. */
const EVERYWHERE = ['hedge.channels', 'abort.listeners', 'decorators'];

/** Neighbours that know nothing of each other, whatever their order. */
const STRANGERS = ['messaging lock', 'membership lock'];

/** What a store keeps for itself the room that chooses one may load, and no other. */
const BEHIND_DOORS = /^database store\//;

/** Packages that only one place may import. */
const RESERVED: [name: string, pattern: RegExp, place: RegExp][] = [
  ['@google-cloud/spanner', /^(@google-cloud\/|google-gax)/, /^src\/store\/spanner\//],
  ['libsql', /^libsql/, /^src\/store\/sqlite\//],
  // Depths that Nest gives no promise for.
  [
    'Nest internals',
    /^@nestjs\/(common|core|microservices)\/.+/,
    /^src\/handlers\/handler\.factory\.ts$/,
  ],
  ['@nestjs/schedule', /^@nestjs\/schedule/, /^src\/schedule\//],
  ['@nestjs/terminus', /^@nestjs\/terminus/, /^src\/terminus\//],
  ['the command line', /^(commander|cli-table3)/, /^src\/cli\//],
  ['@opentelemetry/api', /^@opentelemetry\//, /^src\/opentelemetry\//],
  ['vitest', /^(vitest|@nestjs\/testing)/, /\.spec\.ts$/],
];

const house = surveyHouse();

describe('the rules of the house', () => {
  it('are kept by every import', () => {
    const faults = house.files.flatMap((file) =>
      faultsOf(file, readFileSync(file, 'utf8')).map((name) => `${file} imports ${name}`),
    );
    expect(house.files.length).toBeGreaterThan(100);
    expect(faults).toEqual([]);
  });

  it('name every room once', () => {
    expect(ROOMS.toSorted()).toEqual(house.rooms);
  });

  it('allow no arrow upward and no circle, through types neither', () => {
    expect(upwardArrows(house, ROOMS)).toEqual([]);
    expect(house.roomCircles).toEqual([]);
    expect(house.fileCircles).toEqual([]);
  });

  it('have the counts that the page of the architecture says', () => {
    const [counts] = pageAt('docs/design/architecture.md').section('What may import what').tables;
    const now = Object.fromEntries(counts.rows.map(([count, , last]) => [count.text, +last.text]));
    expect(now).toEqual({
      rooms: house.rooms.length,
      'folders and files that stand in src': new Set(house.rooms.map(outerRoom)).size,
      'files beside the folders': house.files.filter((file) => dirname(file) === 'src').length,
      floors: house.floors,
      'arrows between rooms': house.arrows.length,
      'arrows upward': upwardArrows(house, ROOMS).length,
      'circles of rooms': house.roomCircles.length,
      'rooms in such a circle': house.roomCircles.flat().length,
      'circles of files': house.fileCircles.length,
    });
  });

  it('find a circle that only types close, and the arrow that leads upward in it', () => {
    const files = ['src/store/a.ts', 'src/store/b.ts', 'src/lock/c.ts'];
    const drawn = survey(files, [
      { from: files[0], to: files[1] },
      { from: files[1], to: files[2] },
      { from: files[2], to: files[0] },
    ]);
    expect(drawn.fileCircles).toEqual([files.toSorted()]);
    expect(drawn.roomCircles).toEqual([['lock', 'store']]);
    expect(upwardArrows(drawn, ROOMS)).toEqual(['store > lock']);
    expect(drawn).toMatchObject({ rooms: ['lock', 'store'], floors: 1 });
    expect(importsOf("import type { A } from './a.js'; type B = import('./b.js').B;")).toEqual([
      './a.js',
      './b.js',
    ]);
  });

  it.each([
    ['src/store/a.ts', "import { Term } from '../lock/index.js';"],
    ['src/session/a.ts', "import type { Term } from '../lock/term.js';"],
    ['src/messaging/a.ts', "const rooms = await import('../leader/index.js');"],
    ['src/lock/a.ts', "export { Peers } from '../messaging/index.js';"],
    ['src/messaging/a.ts', "import { Term } from '../lock/index.js';"],
    ['src/log/a.ts', "import { HedgeService } from '../hedge.service.js';"],
    ['src/log/a.ts', "import { HedgeService } from '../index.js';"],
    ['src/leader/a.ts', "import { namedLock } from '../lock/lock.rows.js';"],
    ['src/store/sqlite/a.ts', "import type { Database } from '@google-cloud/spanner';"],
    ['src/store/a.ts', "const { default: driver } = await import('libsql');"],
    [
      'src/messaging/a.ts',
      "import { RpcProxy } from '@nestjs/microservices/context/rpc-proxy.js';",
    ],
    ['src/log/a.ts', "import { freshFile } from '../../test/support/stores/database.file.js';"],
    ['src/log/a.ts', "import { HedgeError } from 'nestjs-hedge';"],
    ['src/log/a.ts', "import { vi } from 'vitest';"],
    ['src/log/a.ts', "import { commit } from './group.commit.spec.js';"],
  ])('fires: in %s, %s', (file, source) => {
    expect(faultsOf(file, source)).toHaveLength(1);
  });

  it('lets a room import the ones below, and hedge.* all of them', () => {
    const log = `
      import { HedgeError } from '../errors/index.js';
      import { PUTTING } from './log.messages.js';
      import { onAbort } from '../abort.listeners.js';
      import { copyMetadata } from '../decorators/copy-metadata.js';
      import { batch } from './batch.js';`;
    expect(faultsOf('src/log/a.ts', log)).toEqual([]);
    const module = "export * from './log/index.js'; import './hedge.service.js';";
    expect(faultsOf('src/hedge.module.ts', module)).toEqual([]);
  });
});

/** The imports of a file under src that the house forbids. */
function faultsOf(file: string, source: string): string[] {
  return importsOf(source).filter(
    (name) => !(name.startsWith('.') ? mayReach(file, name) : mayUse(file, name)),
  );
}

function mayUse(file: string, name: string): boolean {
  if (name.startsWith('nestjs-hedge')) return false;
  return RESERVED.every(([, pattern, place]) => !pattern.test(name) || place.test(file));
}

function mayReach(file: string, name: string): boolean {
  const target = join(file, '..', name);
  if (!target.startsWith('src/') || target.endsWith('.spec.js')) return false;
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === to) return true;
  if (ROOMS.indexOf(to) > ROOMS.indexOf(from)) return false;
  if (STRANGERS.includes(`${outerRoom(from)} ${outerRoom(to)}`)) return false;
  if (EVERYWHERE.includes(to)) return true;
  // Rooms meet at their doors: what a room keeps for itself is not for the others.
  return isDoor(target) || BEHIND_DOORS.test(`${from} ${to}`) || outerRoom(from) === outerRoom(to);
}

function isDoor(target: string): boolean {
  return target.endsWith('/index.js') || !target.slice('src/'.length).includes('/');
}

/** Of a room in a room, the outer one. */
function outerRoom(room: string): string {
  return room.split('/')[0];
}
