/**
 * A request from one process to another: ours against a bare `ClientTCP.send` to a `@MessagePattern`
 * method, same payload, same run. Rounds alternate, so that a noisy machine is unfair to both.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { Controller, Inject, Injectable, Module, SetMetadata } from '@nestjs/common';
import { DiscoveryModule, NestFactory } from '@nestjs/core';
import { ClientTCP, MessagePattern, Payload, ServerTCP, Transport } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { HandlerExplorer, HandlerFactory, HedgeContext } from '../../src/handlers/index.js';
import { MemberIdentity, MessageServer, Peers } from '../../src/messaging/index.js';

const HOST = '127.0.0.1';
const ROUNDS = 9;
const KEY = 'bench';

@Controller()
class Echo {
  @MessagePattern('echo')
  @SetMetadata(KEY, 'echo')
  echo(@Payload() data: unknown): unknown {
    return data;
  }
}

@Injectable()
class Handlers {
  constructor(
    @Inject(HandlerExplorer) readonly explorer: HandlerExplorer,
    @Inject(HandlerFactory) readonly factory: HandlerFactory,
  ) {}
}

@Module({
  imports: [DiscoveryModule],
  controllers: [Echo],
  providers: [HandlerExplorer, HandlerFactory, Handlers],
})
class BenchModule {}

async function serve(): Promise<void> {
  const app = await NestFactory.create(BenchModule, { logger: ['error'] });
  const bare = app.connectMicroservice({
    transport: Transport.TCP,
    options: { host: HOST, port: 0 },
  });
  await app.startAllMicroservices();
  const bareServer: ServerTCP = Reflect.get(bare, 'serverInstance');
  const identity = new MemberIdentity('bench');
  const server = new MessageServer(identity);
  const { explorer, factory } = app.get(Handlers);
  for (const handler of explorer.explore(KEY)) {
    const run = factory.create(handler, (invoke) => invoke());
    server.handle('leader:echo', (data, caller) =>
      run(data, new HedgeContext(caller.id, 1n, 'echo', () => AbortSignal.abort())),
    );
  }
  server.handle('hedge:echo', (data) => data);
  const { port } = await server.listen({ port: 0, host: HOST });
  identity.id = `${HOST}:${port}`;
  const address = bareServer.unwrap<import('node:net').Server>().address();
  process.send?.({ id: identity.id, barePort: typeof address === 'object' ? address?.port : 0 });
}

type Call = () => Promise<unknown>;

async function latency(call: Call, count: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    await call();
    times.push(performance.now() - from);
  }
  return median(times) * 1_000;
}

async function throughput(call: Call, count: number, inFlight: number): Promise<number> {
  const from = performance.now();
  let left = count;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return count / ((performance.now() - from) / 1_000);
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

async function main(): Promise<void> {
  const child = fork(new URL(import.meta.url), ['serve']);
  const [{ id, barePort }] = await once(child, 'message');
  const identity = new MemberIdentity('bench');
  const peers = new Peers(identity, new MessageServer(identity));
  const bare = new ClientTCP({ host: HOST, port: barePort });
  for (const size of [100, 10_000]) {
    const payload = { text: 'x'.repeat(size) };
    const calls: Record<string, Call> = {
      bare: () => firstValueFrom(bare.send('echo', payload)),
      'decorated handler': () => peers.request(id, 'leader:echo', payload, { timeout: 20_000 }),
      'plain handler': () => peers.request(id, 'hedge:echo', payload, { timeout: 20_000 }),
    };
    const results: Record<string, { p50: number[]; rate: number[] }> = {};
    for (const call of Object.values(calls)) await throughput(call, 5_000, 64);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, call] of Object.entries(calls)) {
        const result = (results[name] ??= { p50: [], rate: [] });
        result.p50.push(await latency(call, 1_000));
        result.rate.push(await throughput(call, 8_000, 64));
      }
    }
    const [p50, rate] = [median(results.bare?.p50 ?? []), median(results.bare?.rate ?? [])];
    for (const [name, result] of Object.entries(results)) {
      const ours = { p50: median(result.p50), rate: median(result.rate) };
      process.stdout.write(
        `${size} bytes, ${name}: p50 ${ours.p50.toFixed(0)} µs (× ${(ours.p50 / p50).toFixed(2)}), ` +
          `${ours.rate.toFixed(0)} requests/s at 64 in flight (${((100 * ours.rate) / rate).toFixed(0)} %)\n`,
      );
    }
  }
  peers.close();
  bare.close();
  child.kill();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await (process.argv[2] === 'serve' ? serve() : main());
}
