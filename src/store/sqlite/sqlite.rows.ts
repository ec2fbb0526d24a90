import type { LockRow, RowQuery } from '../stored.row.js';
import type { BootClock } from './boot.clock.js';
import type { SqliteConnection } from './sqlite.connection.js';
import type { SqliteColumn } from './sqlite.driver.js';
import { checkText, integerOf, textOf, textOrNothing } from './sqlite.text.js';

/** The rows of a query, each once. It needs several statements, so call it inside a transaction. */
export function selectedRows(
  connection: SqliteConnection,
  lockTable: string,
  clock: BootClock,
  { names = [], range, limit, owners }: RowQuery,
): LockRow[] {
  const columns = 'SELECT CAST(name AS BLOB), CAST(heartbeat AS BLOB), token, CAST(writer AS BLOB)';
  const one = `${columns} FROM "${lockTable}" WHERE name = ?`;
  const found: SqliteColumn[][] = [];

  for (const name of names) found.push(...connection.rows(one, [checkText('name', name)]));
  if (range) {
    const inRange = connection.rows(
      `${columns} FROM "${lockTable}" WHERE name >= ? AND name < ? ORDER BY name LIMIT ?`,
      // A negative limit means no limit.
      [checkText('from', range.from), checkText('to', range.to), BigInt(limit ?? -1)],
    );
    found.push(...inRange);
    if (owners !== undefined) {
      for (const [, , , writer] of inRange) {
        if (writer !== null) found.push(...connection.rows(one, [owners + textOf(writer)]));
      }
    }
  }

  const rows = found.map((row) => lockRow(row, clock));
  return [...new Map(rows.map((row) => [row.name, row])).values()];
}

function lockRow([name, heartbeat, token, writer]: SqliteColumn[], clock: BootClock): LockRow {
  return {
    name: textOf(name),
    writer: textOrNothing(writer),
    token: token === null ? undefined : integerOf(token),
    age: heartbeat === null ? undefined : clock.ageOf(textOf(heartbeat)),
  };
}
