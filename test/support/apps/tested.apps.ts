import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { HedgeModule } from '../../../src/hedge.module.js';
import { HEDGE_OPTIONS } from '../../../src/hedge.module-definition.js';
import type { HedgeTesting } from '../../../src/testing/index.js';

const open = new Set<INestApplication>();

/** An app as users have it, made by a spec of theirs. */
export async function startTested(
  testing: HedgeTesting,
  metadata: ModuleMetadata = {},
): Promise<INestApplication> {
  const database = 'projects/p/instances/i/databases/d';
  const hedge = HedgeModule.forRoot({ database, lockName: 'orders', address: ':7000' });
  const imports = [hedge, ...(metadata.imports ?? [])];
  const moduleRef = await Test.createTestingModule({ ...metadata, imports })
    .overrideProvider(HEDGE_OPTIONS)
    .useValue(testing)
    .compile();
  const app = moduleRef.createNestApplication();
  open.add(app);
  return app.init();
}

export async function closeTested(): Promise<void> {
  await Promise.all([...open].map((app) => app.close()));
  open.clear();
}
