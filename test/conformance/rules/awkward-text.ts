/** Text that stores, drivers and JSON like to damage. */
export const TEXTS = [
  '',
  ' ',
  'null',
  'é',
  'e\u0301',
  '👩‍👩‍👧‍👦 😀',
  'مرحبا \u202eabc',
  'a\u0000b',
  '\u0000',
  '\uffff\u{10ffff}',
  'line\nbreak\r\n\t\u2028',
  `quotes ' " \\ \` % _ -- ;`,
  '\ufeffbom',
];
