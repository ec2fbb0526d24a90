export const STREAM_OUTRUN = (route: string, limit: number) =>
  `The Observable of the stream "${route}" emits faster than the other side reads, and more than ${limit} characters of JSON wait. The stream ended. ` +
  'Stream an async iterable (such as an async generator) instead: it can be paused, and an Observable cannot.';
