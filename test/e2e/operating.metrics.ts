/** One metric as Prometheus' text format shows it: what it is, and the labels that any of its series has. */
export interface ScrapedMetric {
  readonly type: string;
  readonly labels: ReadonlySet<string>;
}

/** @param text of `GET /metrics` @returns by name, without what only tells about the process */
export function scrapedMetrics(text: string): Map<string, ScrapedMetric> {
  const metrics = new Map<string, { type: string; labels: Set<string> }>();
  for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    if (name !== 'target_info') metrics.set(name, { type, labels: new Set() });
  }
  for (const [, series, labels] of text.matchAll(/^(\w+)\{(.*)\} \S+$/gm)) {
    const metric = metrics.get(series) ?? metrics.get(series.replace(/_(bucket|sum|count)$/, ''));
    for (const [, label] of labels.matchAll(/(\w+)="/g)) metric?.labels.add(label);
  }
  return metrics;
}
