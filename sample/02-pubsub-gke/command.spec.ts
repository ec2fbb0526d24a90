import { describe, expect, it } from 'vitest';
import { parseCommand, quoted } from './command.js';

describe('parseCommand', () => {
  it.each([
    ['put colour blue', { name: 'put', key: 'colour', value: 'blue' }],
    ['put colour  light blue\n', { name: 'put', key: 'colour', value: 'light blue' }],
    [' get colour ', { name: 'get', key: 'colour' }],
    ['send hello, leader', { name: 'send', text: 'hello, leader' }],
    ['broadcast two\nlines', { name: 'broadcast', text: 'two\nlines' }],
    ['put größe 5 €', { name: 'put', key: 'größe', value: '5 €' }],
  ])('reads %j', (text, command) => {
    expect(parseCommand(Buffer.from(text))).toEqual(command);
  });

  it.each(['', ' \n', 'put', 'put colour', 'get', 'get two keys', 'send', 'broadcast ', 'PUT a b'])(
    'refuses %j, and says what it takes',
    (text) => {
      expect(() => parseCommand(Buffer.from(text))).toThrow('put <key> <value>, get <key>');
    },
  );

  it('refuses bytes that are no text', () => {
    expect(() => parseCommand(Buffer.from([0xc3, 0x28]))).toThrow('2 bytes that are no text');
  });
});

describe('quoted', () => {
  it('is one line, and not a long one', () => {
    expect(quoted('two\nlines')).toBe(String.raw`"two\nlines"`);
    expect(quoted('a'.repeat(10_000)).length).toBeLessThan(300);
  });
});
