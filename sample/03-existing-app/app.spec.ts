import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { HEDGE_OPTIONS } from 'nestjs-hedge';
import { hedgeTesting, type HedgeTestingOptions } from 'nestjs-hedge/testing';
import { afterEach, expect, it } from 'vitest';
import { AppModule } from './app.module.js';
import { Invoices } from './invoices.js';

let app: INestApplication;

async function start(options?: HedgeTestingOptions) {
  const testing = hedgeTesting(options);
  const moduleRef = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(HEDGE_OPTIONS)
    .useValue(testing)
    .compile();
  app = moduleRef.createNestApplication();
  await app.listen(0, '127.0.0.1');
  return { testing, url: `${await app.getUrl()}/invoices`, invoices: app.get(Invoices) };
}

async function pay(url: string, id: string): Promise<string> {
  const response = await fetch(`${url}/${id}/pay`, { method: 'POST' });
  return response.text();
}

afterEach(() => app.close());

it('takes the money once, however often it is asked to', async () => {
  const { url } = await start();
  const outcomes = await Promise.all([pay(url, '7'), pay(url, '7'), pay(url, '7')]);
  expect(outcomes.toSorted()).toEqual(['paid', 'was paid before', 'was paid before']);
  const invoice = await fetch(`${url}/7`);
  expect(await invoice.json()).toMatchObject({ id: '7', paid: true });
});

it('waits while another replica has the invoice in its hands', async () => {
  const { testing, invoices } = await start();
  const other = await testing.join();
  const lock = await other.locks.acquire('invoice-7');
  const paying = invoices.pay('7');
  await testing.advance(1_000);
  expect(invoices.find('7').paid).toBe(false);
  await lock.release();
  await expect(paying).resolves.toBe('paid');
});

it.each([
  ['on the leader', true, 1],
  ['and not on the other replicas', false, 0],
])('reminds in the morning, %s', async (_, leads, reminders) => {
  const { testing, invoices } = await start({ leads, now: '2026-06-01T05:59:00' });
  const invoice = invoices.find('8');
  await testing.advance(120_000);
  expect(invoice.reminders).toBe(reminders);
});
