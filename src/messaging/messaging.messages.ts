export const TRACED_ALREADY =
  'HedgeOpenTelemetryModule is imported twice. Import it once, in the root module.';
