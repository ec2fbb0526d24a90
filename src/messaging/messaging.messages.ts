export const TRACED_ALREADY =
  'The messages of this member are traced already: import HedgeOpenTelemetryModule once, in the root module.';
