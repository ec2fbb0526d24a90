import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { findChromium, launchChromium } from './demo-page.chromium.js';
import { startDemo, type Demo } from '../support/samples/demo.sample.js';

const path = findChromium();
const SOON = { timeout: 20_000, interval: 50 };

const leaderOn = (page: Page) => page.locator('#leader-id').textContent();

/** What keeps people from using the page: fields without a label, contrast below 4.5:1 for text of any size, … */
async function faultsOf(page: Page) {
  const contrastRatio = { normal: { expected: 4.5 }, large: { expected: 4.5 } };
  // Its types leave out what it takes.
  const options: object = { checks: { 'color-contrast': { options: { contrastRatio } } } };
  const { violations } = await new AxeBuilder({ page }).options(options).analyze();
  return violations.map(({ id, nodes }) => ({ id, where: nodes.map(({ html }) => html) }));
}

describe.skipIf(!path)('the page of the demo, in Chromium', () => {
  let demo: Demo;
  let browser: Browser;
  const faults: string[] = [];

  beforeAll(async () => {
    demo = await startDemo();
    await vi.waitFor(() => expect(demo.output).toContain('three members are up'), SOON);
    browser = await launchChromium(path!);
  });

  afterAll(async () => {
    await browser?.close();
    demo?.child.kill('SIGINT');
  });

  async function open(width: number, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
    const viewport = { width, height: 800 };
    const context = await browser.newContext({ viewport, colorScheme });
    const page = await context.newPage();
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.goto(demo.urls[0]);
    await vi.waitFor(
      async () => expect(await page.locator('#member-list li').count()).toBe(3),
      SOON,
    );
    return page;
  }

  it.each([
    [375, 'light'],
    [375, 'dark'],
    [1_440, 'light'],
    [1_440, 'dark'],
  ] as const)('fits a window of %i px, and can be read in the %s', async (width, scheme) => {
    const page = await open(width, scheme);
    // What is long and what is rare is on it as well.
    await page.fill('#put input[name=value]', 'long'.repeat(100));
    await page.click('#put button');
    for (let at = 0; at < 3; at += 1) await page.click('#start-job');
    await vi.waitFor(
      async () => expect(await page.textContent('#queue')).toContain('in line'),
      SOON,
    );
    await vi.waitFor(
      async () => expect(await page.textContent('#entries')).toContain('longlong'),
      SOON,
    );

    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    expect(await faultsOf(page)).toEqual([]);
    await page.close();
  });

  it('puts, sends, broadcasts and gets answers, with the keyboard alone', async () => {
    const page = await open(1_440);
    await page.focus('#put input[name=key]');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('shade');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('<b>teal</b>');
    await page.keyboard.press('Enter');
    const newest = page.locator('#entries li').first();
    await vi.waitFor(
      async () => expect(await newest.textContent()).toContain('shade <b>teal</b>'),
      SOON,
    );

    await page.focus('#send input');
    await page.keyboard.press('Enter');
    await vi.waitFor(
      async () => expect(await page.textContent('#answer')).toContain('You said: hello'),
      SOON,
    );
    await page.focus('#broadcast button');
    await page.keyboard.press('Enter');
    await vi.waitFor(async () => {
      const answer = (await page.textContent('#answer')) ?? '';
      expect(answer.match(/greetings from/g)).toHaveLength(3);
    }, SOON);
    await page.close();
  });

  it('shows another leader when the first steps down', async () => {
    const page = await open(375);
    const first = await leaderOn(page);
    await page.click('#step-down');
    await vi.waitFor(async () => {
      const next = await leaderOn(page);
      expect(next).toMatch(/^localhost/);
      expect(next).not.toBe(first);
    }, SOON);
    await page.close();
  });

  it('shows how a leader that is killed is missed and followed, whoever served the page', async () => {
    const page = await open(1_440);
    const first = (await leaderOn(page))!;
    // Now the page's own member has to lead, or it would not be the one to be killed.
    const [, port] = first.split(':');
    await page.goto(`http://localhost:${port}`);
    await vi.waitFor(async () => expect(await leaderOn(page)).toBe(first), SOON);
    const token = await page.textContent('#leader-token');

    await page.click('#kill-leader');
    await vi.waitFor(
      async () => expect(await page.textContent('#answer')).toContain('is killed'),
      SOON,
    );

    await vi.waitFor(async () => expect(await leaderOn(page)).toMatch(/^nobody/), SOON);
    await vi.waitFor(async () => {
      expect(await leaderOn(page)).toMatch(/^localhost/);
      expect(await page.textContent('#leader-token')).not.toBe(token);
    }, SOON);
    const timeline = page.locator('#events');
    await vi.waitFor(async () => {
      expect(await timeline.textContent()).toMatch(/leads; [\d.]+ s without a leader/);
      expect(await timeline.textContent()).toContain(`${first} is gone`);
    }, SOON);
    expect(await page.textContent('#connection')).not.toContain(first);
    // As an orchestrator would have it.
    await vi.waitFor(
      async () => expect(await timeline.textContent()).toContain(`${first} joined`),
      SOON,
    );
    await page.close();
  });

  it('raised no error', () => {
    expect(faults).toEqual([]);
  });
});
