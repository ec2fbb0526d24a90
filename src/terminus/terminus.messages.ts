export const MEMBER_LEAVES =
  'This member is shutting down. It finishes the work that runs, and releases what it holds.';

export const KNOWS_NO_LEADER =
  'This member knows no leader. Check that a candidate is running and can reach the store.';
