import { expect, it } from 'vitest';
import { jsonText } from './output.js';

it('JSON holds no character that a terminal obeys, and says the same', () => {
  const value = { name: '\u001b[2J\u007f\u009b31m\u202e\u2028\u{e0001} é 鍵 🦔' };
  const text = jsonText(value);
  expect(JSON.parse(text)).toEqual(value);
  expect(text).toBe(
    '{\n  "name": "\\u001b[2J\\u007f\\u009b31m\\u202e\\u2028\\udb40\\udc01 é 鍵 🦔"\n}\n',
  );
});
