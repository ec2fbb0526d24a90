import { describe, expect, it } from 'vitest';
import { surveyHouse } from '../package/house.survey.js';
import { PAGES } from '../support/docs/published.pages.js';

/** What nearly all rooms use, and files beside the folders that a reader of the drawing does not look for. */
const NOT_DRAWN = [
  'errors',
  'time',
  'decorators',
  'abort.listeners',
  'hedge.channels',
  'hedge.messages',
  'hedge.module-definition',
  'hedge.surroundings',
];

const diagrams = PAGES.flatMap((page) => page.blocksIn('mermaid'));
const drawings = diagrams.filter(({ code }) => code.startsWith('flowchart'));
const sequences = diagrams.filter(({ code }) => code.startsWith('sequenceDiagram\n'));

describe('the diagrams of the docs', () => {
  it('are of kinds that are checked', () => {
    expect(drawings).toHaveLength(1);
    expect([...drawings, ...sequences]).toHaveLength(diagrams.length);
  });

  it('draw every room, and no arrow that is no import', () => {
    const drawn = arrowsIn(drawings[0].code);
    const imports = importsOfRooms();
    const rooms = new Set(imports.flat());
    expect(new Set(drawn.flat())).toEqual(rooms);
    expect(textsOf(drawn).filter((arrow) => !textsOf(imports).includes(arrow))).toEqual([]);
  });

  it('leave out no import that does not follow from what they draw', () => {
    const drawn = arrowsIn(drawings[0].code);
    expect(missingIn(drawn, importsOfRooms())).toEqual([]);
    expect(missingIn(drawn, [['store', 'lock']])).toEqual(['store --> lock']);
  });

  it.each(sequences)('let nobody speak that does not take part: $page:$line', ({ code }) => {
    expect(faultsOf(code)).toEqual([]);
  });

  it('would be missed if they did, or were written so that nobody can draw them', () => {
    const code = 'sequenceDiagram\n  participant a as x.ts, y\n';
    expect(faultsOf(`${code}  a->>b: c\n`)).toEqual(['  a->>b: c']);
    expect(faultsOf(`${code}  a-->>a: c; d\n  Note over a: e\n`)).toEqual(['  a-->>a: c; d']);
    expect(faultsOf(`${code}  Note over b: c\n  a->a c\n`)).toHaveLength(2);
  });
});

type Arrow = readonly [from: string, to: string];

/** Of a drawing that is nothing but arrows. */
function arrowsIn(code: string): Arrow[] {
  const [, ...lines] = code.trimEnd().split('\n');
  return lines.map((line) => {
    const [, from, to] = /^ {2}(\S+) --> (\S+)$/.exec(line) ?? [];
    expect(from, line).toBeDefined();
    return [from, to];
  });
}

/** From folder to folder: what is inside is drawn nowhere. */
function importsOfRooms(): Arrow[] {
  return surveyHouse()
    .arrows.map((arrow) => arrow.split(' > ').map((room) => room.split('/')[0]))
    .map(([from, to]): Arrow => [from, to])
    .filter((arrow) => arrow[0] !== arrow[1] && !arrow.some((room) => NOT_DRAWN.includes(room)));
}

function textsOf(arrows: readonly Arrow[]): string[] {
  return arrows.map((arrow) => arrow.join(' --> '));
}

function missingIn(drawn: readonly Arrow[], imports: readonly Arrow[]): string[] {
  const reaches = (from: string, to: string): boolean =>
    drawn.some(([start, end]) => start === from && (end === to || reaches(end, to)));
  return textsOf(imports.filter(([from, to]) => !reaches(from, to)));
}

/** The lines that Mermaid would not take, or that name somebody who was not introduced. */
function faultsOf(code: string): string[] {
  const [, ...lines] = code.trimEnd().split('\n');
  const names = lines.flatMap((line) => /^ {2}participant (\w+) as [^;#]+$/.exec(line)?.[1] ?? []);
  const name = `(?:${names.join('|')})`;
  const known = new RegExp(
    `^ {2}(?:participant ${name} as |${name}-?->>${name}: |Note over ${name}: )[^;#]+$`,
  );
  return lines.filter((line) => !known.test(line));
}
