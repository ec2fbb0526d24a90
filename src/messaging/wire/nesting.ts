/**
 * The deepest nesting that travels, in levels of arrays and objects around a value. Beyond a few thousand levels
 * `JSON.stringify` overflows the stack, and so does most code that walks through data.
 */
export const MAX_NESTING = 512;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = { square: 0x5b, curly: 0x7b };
const CLOSING = { square: 0x5d, curly: 0x7d };
/** All brackets, and few other characters, have these bits in common. */
const BRACKET_MASK = 0xd9;
const BRACKET_BITS = 0x59;

/**
 * Whether JSON is nested deeper than `most` levels. Looking at every character costs as much as writing it, so that comes
 * last, when the value looks deep.
 * @param value that the JSON was made of, or read as
 */
export function isNestedTooDeep(json: string, value: unknown, most = MAX_NESTING): boolean {
  return opensEnough(json, most) && mayBeDeep(value, most) && isJsonTooDeep(json, most);
}

/** False for nearly all messages, at little cost: they are short, or have few brackets. */
function opensEnough(json: string, most: number): boolean {
  // JSON closes what it opens.
  if (json.length <= 2 * most) return false;
  let count = 0;
  for (const bracket of ['[', '{']) {
    for (let at = json.indexOf(bracket); at >= 0; at = json.indexOf(bracket, at + 1)) {
      if (++count > most) return true;
    }
  }
  return false;
}

function mayBeDeep(value: unknown, most: number): boolean {
  try {
    return looksDeep(value, most);
  } catch {
    // A getter gave a value for the text, and throws now.
    return true;
  }
}

/** Cheaper than reading the text, because strings and numbers need no look. */
function looksDeep(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    // By index, because there may be a million numbers.
    for (let at = 0; at < value.length; at++) {
      const part: unknown = value[at];
      if (typeof part === 'object' && looksDeep(part, levels - 1)) return true;
    }
    return false;
  }
  // Other objects may have a `toJSON`, which may give its result only once: then the text decides. (Looking for `toJSON`
  // would cost more, in objects of many shapes.)
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return !(value instanceof Date);
  const record = value as Record<string, unknown>;
  for (const key in record) {
    const part = record[key];
    if (typeof part === 'function') return true;
    if (typeof part === 'object' && looksDeep(part, levels - 1)) return true;
  }
  return false;
}

function isJsonTooDeep(json: string, most: number): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (character === QUOTE) {
      at = endOfString(json, at + 1);
    } else if ((character & BRACKET_MASK) === BRACKET_BITS) {
      if (character === OPENING.square || character === OPENING.curly) depth++;
      else if (character === CLOSING.square || character === CLOSING.curly) depth--;
      if (depth > most) return true;
    }
  }
  return false;
}

function endOfString(json: string, from: number): number {
  let at = from;
  for (; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (character === QUOTE) break;
    if (character === BACKSLASH) at++;
  }
  return at;
}
