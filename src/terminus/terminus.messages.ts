export const MEMBER_LEAVES =
  'The member shuts down: it lets what runs end, and gives back what it holds.';

export const KNOWS_NO_LEADER =
  'No leader is known. Is any candidate running, and can it reach the store?';
