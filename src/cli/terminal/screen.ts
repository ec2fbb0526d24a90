import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green';

/** The terminal, file or pipe that shows the text. */
export interface Screen {
  /** Characters in a line. `undefined` for a file or a pipe, which have no limit. */
  readonly width: number | undefined;
  painted(style: Style, text: string): string;
}

/** A terminal has colours unless the environment says otherwise (NO_COLOR, TERM=dumb). A file or a pipe has none. */
export function screenOf(stream: WriteStream): Screen {
  const hasColours = stream.isTTY && stream.hasColors();
  return {
    // Some terminals report that they have no width.
    width: (stream.isTTY && stream.columns) || undefined,
    painted: (style, text) => (hasColours ? styleText(style, text) : text),
  };
}
