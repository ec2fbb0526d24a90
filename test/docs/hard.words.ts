/** Words that readers stumble over whose second language is English, and the ones to use instead. */
const HARD_WORDS: readonly [hard: RegExp, plain: string][] = [
  [/\bwho(?:ever)?\b/gi, 'the actor: the leader, your method'],
  [/\bat the (?:most|least)\b/gi, 'at most, at least'],
  [/\banew\b/gi, 'again'],
  [/\bso many\b/gi, 'a number, or "at most"'],
  [/\beverybody\b/gi, 'everyone'],
  [/\bby (?:himself|themselves|oneself)\b/gi, 'each member, directly'],
  [/[,:;] for (?:it|they|nobody|what|there|this|that|these|those)\b/gi, 'because'],
];

/** Each hard word of a text with the plain one. */
export function hardWordsIn(text: string): string[] {
  const line = text.replaceAll('\n', ' ');
  return HARD_WORDS.flatMap(([hard, plain]) =>
    [...line.matchAll(hard)].map(([found]) => `"${found.trim()}": ${plain}`),
  );
}
