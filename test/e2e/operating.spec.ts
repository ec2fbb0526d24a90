import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { EXPIRED, RELEASED } from '../../src/cli/status/status.messages.js';
import * as hedgeTexts from '../../src/hedge.messages.js';
import { HEDGE_ERROR_STATUS, OnLeaderMessage } from '../../src/index.js';
import * as leaderTexts from '../../src/leader/leader.messages.js';
import * as lockTexts from '../../src/lock/lock.messages.js';
import * as memberTexts from '../../src/member/member.messages.js';
import * as membershipTexts from '../../src/membership/membership.messages.js';
import * as sessionTexts from '../../src/session/session.messages.js';
import * as cronTexts from '../../src/schedule/schedule.messages.js';
import * as handlerTexts from '../../src/handlers/handlers.messages.js';
import * as tableTexts from '../../src/table/table.messages.js';
import * as telemetryTexts from '../../src/opentelemetry/opentelemetry.messages.js';
import * as securityTexts from '../../src/messaging/security/security.messages.js';
import * as serverTexts from '../../src/messaging/server/server.messages.js';
import * as wireTexts from '../../src/messaging/wire/wire.messages.js';
import { HedgeOpenTelemetryModule } from '../../src/opentelemetry/index.js';
import { MarkdownPage } from '../support/docs/markdown.page.js';
import { pageAt } from '../support/docs/published.pages.js';
import { FaultyStore } from '../support/stores/faulty.store.js';
import { LEASE, SOON, useGroup } from '../support/apps/hedge.apps.js';
import { freePort } from '../support/network/free.ports.js';
import { scrapedMetrics, type ScrapedMetric } from './operating.metrics.js';

const page = pageAt('docs/operating.md');
const group = useGroup();

@Injectable()
class Orders {
  @OnLeaderMessage('order.fail')
  fail() {
    throw new TypeError('boom');
  }
}

describe('the metrics that docs/operating.md lists', () => {
  let exporter: PrometheusExporter;
  let url: string;

  beforeEach(async () => {
    const free = await freePort();
    url = `http://127.0.0.1:${free}/metrics`;
    exporter = new PrometheusExporter({ host: '127.0.0.1', port: free });
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
  });
  afterEach(async () => {
    metrics.disable();
    await exporter.shutdown();
  });

  const scrape = async () => scrapedMetrics(await (await fetch(url)).text());

  it('are those that Prometheus gets of a member, and its alerts ask for nothing else', async () => {
    const scraped = await scrapeOfBusyMember();

    const everywhere = ['hedge_group', 'hedge_member_id', 'otel_scope_name'];
    const listed = listedMetrics();
    expect([...listed.keys()].toSorted()).toEqual([...scraped.keys()].toSorted());
    for (const [name, { type, labels }] of scraped) {
      const own = [...labels].filter((label) => !everywhere.includes(label) && label !== 'le');
      expect({ name, ...listed.get(name) }).toEqual({ name, type, labels: own.toSorted() });
    }

    for (const { alert, expr } of alerts()) {
      expect({ alert, unknown: unknownIn(expr, scraped) }).toEqual({ alert, unknown: [] });
    }
    expect(unknownIn('hedge_leaders > 1 or hedge_leader{hedge_role="x"}', scraped)).toHaveLength(2);
    expect(unknownIn('hedge_lock_wait_duration_count{error_type="LOST"}', scraped)).toHaveLength(1);
  });

  /** One that has done and suffered all that is counted. */
  async function scrapeOfBusyMember(): Promise<Map<string, ScrapedMetric>> {
    const store = new FaultyStore(group().store);
    const imports = [HedgeOpenTelemetryModule.forRoot()];
    const { hedge, locks } = await group().start({ store }, [Orders], [], imports);
    await hedge.ready(SOON);
    await expect(hedge.send('order.fail', 1)).rejects.toMatchObject({ code: 'HANDLER_ERROR' });
    const lock = await locks.acquire('job');
    await expect(locks.acquire('job', { timeout: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    await lock.release();
    store.fault = (method) => (method === 'commit' ? 'unavailable' : undefined);
    const put = hedge.put('key', 'value');
    await vi.waitFor(async () => {
      const failing = await scrape();
      for (const name of ['hedge_session_renewal_duration', 'hedge_log_commit_duration']) {
        expect(failing.get(name)?.labels).toContain('error_type');
      }
    }, SOON);
    store.fault = () => undefined;
    await put.catch(() => undefined);
    await hedge.ready(SOON);
    await hedge.stepDown();
    await vi.waitFor(() => expect(hedge.isLeader()).toBe(true), SOON);
    return scrape();
  }
});

describe('the alerts of docs/operating.md', () => {
  it('each have series that make them fire', () => {
    const tested = parse(readFileSync('test/e2e/operating.alerts.test.yaml', 'utf8')) as {
      tests: { alert_rule_test: { alertname: string; exp_alerts: object[] }[] }[];
    };
    const firing = tested.tests
      .flatMap(({ alert_rule_test: cases }) => cases)
      .filter(({ exp_alerts: expected }) => expected.length > 0)
      .map(({ alertname }) => alertname);
    expect(new Set(firing)).toEqual(new Set(alerts().map(({ alert }) => alert)));
    expect(firing.length).toBeGreaterThan(10);
  });

  it('each have an entry in the runbook', () => {
    const titles = page.headingsAt(3).flatMap((title) => title.split(', '));
    expect(titles.toSorted()).toEqual(
      alerts()
        .map(({ alert }) => alert)
        .toSorted(),
    );
  });

  it.skipIf(!hasPromtool())('pass the tests of Prometheus itself', () => {
    const folder = 'build/alerts';
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'alerts.yaml'), rules());
    const cases = readFileSync('test/e2e/operating.alerts.test.yaml', 'utf8');
    writeFileSync(join(folder, 'alerts.test.yaml'), cases);
    const report = promtool('test', 'rules', join(folder, 'alerts.test.yaml'));
    expect(report).toMatchObject({ status: 0, stderr: '' });

    writeFileSync(join(folder, 'alerts.yaml'), rules().replace('for: 1m', 'for: 1h'));
    expect(promtool('test', 'rules', join(folder, 'alerts.test.yaml')).status).toBe(1);
  });
});

describe('the lines that docs/operating.md quotes', () => {
  const SLOT = '2026-11-23T02:00:00.000Z';
  const [MEMBER, LEADER] = ['10.0.0.7:7000', '10.0.0.5:7000'];
  const STORE = 'Spanner projects/p/instances/i/databases/d (locktable, logtable)';
  const LOST = ["the lock 'stock-7'", "the lock 'till'"];
  const REASONS = ['expired', 'session-gone', 'fence-gone', 'superseded'] as const;
  /** By the name of what makes them. */
  const lines: Record<string, string | string[]> = {
    RENEWAL_FAILED: sessionTexts.RENEWAL_FAILED(4_212, new Error('…')),
    ELECTION_FAILED: leaderTexts.ELECTION_FAILED(new Error('…')),
    WAITING_FOR_STORE: memberTexts.WAITING_FOR_STORE(STORE, new Error('…')),
    STORE_IS_BACK: memberTexts.STORE_IS_BACK(STORE),
    TERM_LOST: REASONS.map((reason) => leaderTexts.TERM_LOST(reason)),
    HOLDINGS_LOST: lockTexts.HOLDINGS_LOST(2, LOST, 'expired'),
    NOT_LISTED: membershipTexts.NOT_LISTED(MEMBER, LEADER),
    ADDRESS_SHARED: leaderTexts.ADDRESS_SHARED(MEMBER),
    CONNECTION_REFUSED: wireTexts.CONNECTION_REFUSED('10.0.0.9', securityTexts.OTHER_SECRET),
    NO_SIGTERM_LISTENER: leaderTexts.NO_SIGTERM_LISTENER,
    EMBEDDED_BY_DEFAULT: hedgeTexts.EMBEDDED_BY_DEFAULT('./hedge.db'),
    NEWER_ROW_FOUND: tableTexts.NEWER_ROW_FOUND('hedge/orders/lock/till', 2),
    CRON_ROW_NEWER: cronTexts.CRON_ROW_NEWER('invoices', SLOT, 2),
    CRON_INTERRUPTED: cronTexts.CRON_INTERRUPTED('invoices', SLOT, MEMBER),
    CRON_NOT_CLAIMED: cronTexts.CRON_NOT_CLAIMED('invoices', SLOT, new Error('…')),
    CRON_END_UNKNOWN: cronTexts.CRON_END_UNKNOWN('invoices', SLOT, new Error('…')),
    CRON_AHEAD: cronTexts.CRON_AHEAD('invoices', SLOT, MEMBER),
    CRON_STILL_RUNNING: cronTexts.CRON_STILL_RUNNING('invoices', SLOT),
    CRON_ERROR_UNSPEAKABLE: cronTexts.CRON_ERROR_UNSPEAKABLE('invoices'),
    HANDLER_UNKNOWN_ERROR: serverTexts.HANDLER_UNKNOWN_ERROR('leader:order.place'),
    HOOK_FAILED: handlerTexts.HOOK_FAILED('Billing', 'work'),
    LOSING_FAILED: leaderTexts.LOSING_FAILED(new Error('…')),
    LEAVING_FAILED: memberTexts.LEAVING_FAILED(new Error('…')),
    TELEMETRY_FAILED: telemetryTexts.TELEMETRY_FAILED(new Error('…')),
  };

  it('are those that are logged', () => {
    const logged = Object.values(lines).flatMap(shownAsQuote);
    expect(page.quotedLines.toSorted()).toEqual(logged.toSorted());
    expect(page.codes).toEqual(expect.arrayContaining([EXPIRED(MEMBER), RELEASED(MEMBER)]));
  });

  it('leave none out that the sources log', () => {
    const logged = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
      .flatMap((file) => [
        ...readFileSync(join('src', file), 'utf8').matchAll(
          /(?<!command)\.(?:warn|error|log)\(([A-Z_]{4,})\b/g,
        ),
      ])
      .map(([, name]) => name);
    expect(logged.length).toBeGreaterThan(10);
    expect(logged.filter((name) => !(name in lines))).toEqual([]);
  });
});

describe('a lease that is changed by a rolling update', () => {
  it('lasts for each member as long as its own, whatever that of the others', async () => {
    const [lock, session] = ['hedge/spindle/lockname/group', 'hedge/group/session/died'];
    const row = { table: 'lock', op: 'upsert', heartbeat: 'now', token: 'now' } as const;
    const diedAt = performance.now();
    await group().store.commit(
      [
        { ...row, name: lock, writer: '127.0.0.1:1' },
        { ...row, name: `${lock}#term`, writer: 'died' },
        { ...row, name: session, writer: `${3 * LEASE} 127.0.0.1:1` },
      ],
      { timeout: 5_000 },
    );
    const short = await group().start({ leaseDuration: LEASE });
    await vi.waitFor(() => expect(short.hedge.isLeader()).toBe(true), SOON);
    expect(performance.now() - diedAt).toBeGreaterThan(3 * LEASE);

    const long = await group().start({ leaseDuration: 3 * LEASE });
    await long.hedge.ready(SOON);
    await short.close();
    await vi.waitFor(() => expect(long.hedge.isLeader()).toBe(true), SOON);
  });
});

/** As the page shows log lines to its readers. */
function shownAsQuote(lines: string | string[]): string[] {
  return [lines].flat().flatMap((line) => MarkdownPage.of(`> ${line}`).quotedLines);
}

interface Alert {
  readonly alert: string;
  readonly expr: string;
}

function rules(): string {
  return page.blocksIn('yaml')[0].code;
}

function alerts(): Alert[] {
  return (parse(rules()) as { groups: { rules: Alert[] }[] }).groups.flatMap((each) => each.rules);
}

/** By name, of the first table of the page. */
function listedMetrics(): Map<string, { type: string; labels: string[] }> {
  const rows = page.rowsOfCodes.filter(([{ text }]) => text.startsWith('hedge_'));
  return new Map(
    rows.map(([name, type, labels]) => [
      name.text,
      { type: type.text, labels: labels.codes.toSorted() },
    ]),
  );
}

/** Metrics, labels and codes in an expression that no member has. */
function unknownIn(expr: string, scraped: ReadonlyMap<string, ScrapedMetric>): string[] {
  const unknown: string[] = [];
  for (const [, series, , matchers = ''] of expr.matchAll(/\b(hedge_\w+)(\{(.*?)\})?/g)) {
    if (isLabel(series, scraped)) continue;
    const metric = scraped.get(series) ?? scraped.get(series.replace(/_(bucket|sum|count)$/, ''));
    if (!metric) unknown.push(series);
    for (const [, label, values] of matchers.matchAll(/(\w+)[=!]~?"(.*?)"/g)) {
      if (metric && !metric.labels.has(label)) unknown.push(`${series}{${label}}`);
      unknown.push(...values.split('|').filter((value) => !isValue(label, value)));
    }
  }
  return unknown;
}

function isLabel(name: string, scraped: ReadonlyMap<string, ScrapedMetric>): boolean {
  return [...scraped.values()].some(({ labels }) => labels.has(name));
}

function isValue(label: string, value: string): boolean {
  if (value === '') return true;
  if (label === 'error_type') return value in HEDGE_ERROR_STATUS;
  if (label === 'hedge_loss_reason') return value in lockTexts.LOSSES;
  if (label === 'hedge_lock_outcome') return ['acquired', 'held', 'failed'].includes(value);
  return true;
}

function promtool(...args: string[]) {
  return spawnSync(process.env['PROMTOOL'] ?? 'promtool', args, { encoding: 'utf8' });
}

function hasPromtool(): boolean {
  return promtool('--version').status === 0;
}
