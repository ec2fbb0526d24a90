export const STREAM_OUTRUN = (route: string, limit: number) =>
  `The Observable streamed by "${route}" emits faster than the other side takes it, and more than ${limit} characters of JSON wait. ` +
  'An Observable cannot be told to pause: stream an async iterable (an async generator) in its place, which is asked for each value.';
