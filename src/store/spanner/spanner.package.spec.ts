import { createRequire } from 'node:module';
import { describe, expect, it, vi } from 'vitest';
import { loadSpannerPackage } from './spanner.package.js';

const { cache } = createRequire(import.meta.url);
const loaded = () => Object.keys(cache).filter((file) => file.includes('@google-cloud/spanner/'));
const listeners = () => [process.listeners('SIGINT'), process.listeners('SIGTERM')];

describe('the package @google-cloud/spanner', () => {
  it('is not loaded with the entry, and leaves no signal listeners once it is', async () => {
    // Another spec of this process may have loaded both.
    for (const file of loaded()) delete cache[file];
    vi.resetModules();
    await import('./index.js');
    expect(loaded()).toEqual([]);

    process.on('SIGTERM', ofTheApp);
    const before = listeners();
    const { spanner, grpc } = loadSpannerPackage();
    expect(loaded()).not.toEqual([]);
    expect(listeners()).toEqual(before);
    process.removeListener('SIGTERM', ofTheApp);

    expect(spanner.v1.SpannerClient).toBeTypeOf('function');
    expect(grpc.Metadata).toBeTypeOf('function');
  });

  it('is asked for by its install command when it is not there', () => {
    expect(() => loadSpannerPackage(createRequire('/'))).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTIONS',
        message: expect.stringContaining('npm install @google-cloud/spanner'),
        cause: expect.objectContaining({ code: 'MODULE_NOT_FOUND' }),
      }),
    );
  });

  it('says what else keeps it from being loaded, and removes its listeners even so', () => {
    const before = listeners();
    expect(() => loadSpannerPackage(failHalfway)).toThrow(/cannot be loaded.*something-else/);
    expect(listeners()).toEqual(before);
  });
});

function ofTheApp(): void {}

function failHalfway(): never {
  process.on('SIGINT', ofTheApp);
  throw new Error("Cannot find module 'something-else'");
}
