import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green';

/** Where text is shown. */
export interface Screen {
  /** Characters in a line; `undefined` for a file or a pipe, which take any. */
  readonly width: number | undefined;
  painted(style: Style, text: string): string;
}

/** A terminal has colours unless the environment says otherwise (NO_COLOR, TERM=dumb); a file or a pipe has none. */
export function screenOf(stream: WriteStream): Screen {
  const hasColours = stream.isTTY && stream.hasColors();
  return {
    // Some terminals say that they have none.
    width: (stream.isTTY && stream.columns) || undefined,
    painted: (style, text) => (hasColours ? styleText(style, text) : text),
  };
}
