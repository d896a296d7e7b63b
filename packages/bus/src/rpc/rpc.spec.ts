import 'reflect-metadata';
import { Controller, type INestMicroservice } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { connect } from '@nats-io/transport-node';
import { GatewayError, nanos, rpc, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { currentRequestId } from '@switchyard/telemetry';
import { startNatsServer, type TestNats, waitUntil } from '@switchyard/testing';
import { z } from 'zod';
import { type Bus, connectBus } from '../bus.js';
import { Request, Serves } from './serves.js';
import { rpcMicroservice } from './server.js';

const Double = rpc(
  'test.v1.rpc.amount.double',
  z.object({ amountNanos: nanos, times: z.int().min(1).default(2), note: z.string().nullable().default(null) }),
  z.object({ amountNanos: nanos, note: z.string().nullable() }),
);
const Fail = rpc('test.v1.rpc.amount.fail', z.object({ how: z.string() }), z.object({}));
const Slow = rpc('test.v1.rpc.amount.wait', z.object({ ms: z.int() }), z.object({ requestId: z.string().nullable() }));
const Big = rpc('test.v1.rpc.amount.inflate', z.object({ bytes: z.int() }), z.object({ text: z.string() }));
const Nobody = rpc('test.v1.rpc.nobody.ask', z.object({}), z.object({}));

@Controller()
class TestController {
  @Serves(Double)
  double(@Request(Double) request: RequestOf<typeof Double>): ReplyOf<typeof Double> {
    return { amountNanos: request.amountNanos * BigInt(request.times), note: request.note };
  }

  @Serves(Fail)
  async fail(@Request(Fail) { how }: RequestOf<typeof Fail>): Promise<ReplyOf<typeof Fail>> {
    if (how === 'refuse') {
      throw new GatewayError('insufficient_credits', { message: 'no money', metadata: { limit: 3 }, retryAfterMs: 7 });
    }
    if (how === 'break contract') return 'text' as unknown as ReplyOf<typeof Fail>;
    throw new Error('the secret of the database');
  }

  @Serves(Slow)
  async wait(@Request(Slow) { ms }: RequestOf<typeof Slow>): Promise<ReplyOf<typeof Slow>> {
    await new Promise((resolve) => {
      setTimeout(resolve, ms);
    });
    return { requestId: currentRequestId() ?? null };
  }

  @Serves(Big)
  inflate(@Request(Big) { bytes }: RequestOf<typeof Big>): ReplyOf<typeof Big> {
    return { text: 'x'.repeat(bytes) };
  }
}

describe('RPC', () => {
  let nats: TestNats;
  let bus: Bus;
  const apps: INestMicroservice[] = [];

  const serve = async () => {
    const module = await Test.createTestingModule({ controllers: [TestController] }).compile();
    const app = module.createNestMicroservice({
      ...rpcMicroservice({ servers: nats.url, name: 'test' }),
      logger: false,
    });
    await app.listen();
    apps.push(app);
    return app;
  };

  beforeAll(async () => {
    nats = await startNatsServer();
    await serve();
    bus = await connectBus({ servers: nats.url, name: 'caller' });
  }, 60_000);
  afterAll(async () => {
    await bus.close();
    for (const app of apps) await app.close();
    await nats.stop();
  }, 60_000);

  it('carries amounts beyond 2^53 both ways and fills in what the caller left out', async () => {
    await expect(bus.rpc.call(Double, { amountNanos: 9_007_199_254_740_993n })).resolves.toEqual({
      amountNanos: 18_014_398_509_481_986n,
      note: null,
    });
    await expect(bus.rpc.call(Double, { amountNanos: 5n, times: 3, note: 'ä' })).resolves.toEqual({
      amountNanos: 15n,
      note: 'ä',
    });
  });

  it('hands the callee’s own error to the caller', async () => {
    const error = await bus.rpc.call(Fail, { how: 'refuse' }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({
      code: 'insufficient_credits',
      message: 'no money',
      metadata: { limit: 3 },
      retryAfterMs: 7,
    });
  });

  it.each(['throw', 'break contract'])('says no more than `internal` when the callee does this: %s', async (how) => {
    const error = await bus.rpc.call(Fail, { how }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'internal', message: 'Internal server error.', metadata: {} });
    expect(JSON.stringify((error as GatewayError).toWire())).not.toContain('secret');
  });

  it('answers service_unavailable in well under the time-out when nobody serves the contract', async () => {
    const startedAt = performance.now();
    await expect(bus.rpc.call(Nobody, {})).rejects.toMatchObject({ code: 'service_unavailable', retryAfterMs: 1_000 });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('answers service_unavailable when the time is over', async () => {
    await expect(bus.rpc.call(Slow, { ms: 1_000 }, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'service_unavailable',
    });
  });

  it('tells the callee the id of the public request', async () => {
    await expect(bus.rpc.call(Slow, { ms: 0 }, { requestId: 'gen-1' })).resolves.toEqual({ requestId: 'gen-1' });
    await expect(bus.rpc.call(Slow, { ms: 0 })).resolves.toEqual({ requestId: null });
  });

  it('does not leave the caller waiting when a reply is larger than the broker takes', async () => {
    await expect(bus.rpc.call(Big, { bytes: 2_000_000 })).rejects.toMatchObject({ code: 'internal' });
  });

  it.each([
    ['not JSON', '{', 'invalid_json'],
    ['a wrong type', '{"amountNanos":5}', 'invalid_request'],
    ['a negative amount', '{"amountNanos":"-5"}', 'invalid_request'],
    ['no object', '[]', 'invalid_request'],
    ['nothing', '', 'invalid_json'],
  ])('refuses a request that is %s without quoting it', async (_what, body, code) => {
    const raw = await connect({ servers: nats.url });
    try {
      const reply = await raw.request(Double.subject, body, { timeout: 2_000 });
      expect(reply.json()).toMatchObject({ error: { code } });
      expect(reply.string()).not.toContain('-5');
    } finally {
      await raw.close();
    }
  });

  it('is a fault of ours, not of the callee, when the caller breaks the contract', async () => {
    await expect(bus.rpc.call(Double, { amountNanos: -1n })).rejects.toMatchObject({ code: 'internal' });
  });

  it.each([
    ['not JSON', 'oops'],
    ['of another shape', '{"reply":{"amountNanos":7}}'],
    ['empty', '{}'],
    ['null', 'null'],
  ])('answers service_unavailable when the reply is %s', async (_what, body) => {
    const broken = await connect({ servers: nats.url });
    try {
      broken.subscribe('test.v1.rpc.broken.ask', { callback: (_error, message) => void message.respond(body) });
      await broken.flush();
      const Broken = rpc('test.v1.rpc.broken.ask', z.object({}), z.object({ amountNanos: nanos }));
      await expect(bus.rpc.call(Broken, {})).rejects.toMatchObject({ code: 'service_unavailable' });
    } finally {
      await broken.close();
    }
  });

  it('answers calls that a stopping service has accepted, and gives the next ones to its replica', async () => {
    const first = apps[0]!;
    await serve();
    const running = Promise.all(Array.from({ length: 20 }, () => bus.rpc.call(Slow, { ms: 200 })));
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    await first.close();
    apps.shift();
    await expect(running).resolves.toHaveLength(20);
    await expect(bus.rpc.call(Double, { amountNanos: 1n })).resolves.toMatchObject({ amountNanos: 2n });
  });

  it('refuses calls at once while the broker is away and serves them again when it is back', async () => {
    const running = bus.rpc.call(Slow, { ms: 5_000 }, { timeoutMs: 20_000 }).catch((error: unknown) => error);
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
    const brokenAt = performance.now();
    await nats.kill9();
    expect(await running).toMatchObject({ code: 'service_unavailable' });
    // Far less than its own time-out of twenty seconds.
    expect(performance.now() - brokenAt).toBeLessThan(5_000);
    const startedAt = performance.now();
    await expect(bus.rpc.call(Double, { amountNanos: 1n })).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await nats.start();
    await expect(bus.controlConnection.whenConnected(10_000)).resolves.toBe(true);
    // The server’s own connection may be back a little later than the caller’s.
    await waitUntil(
      () =>
        bus.rpc.call(Double, { amountNanos: 1n }).then(
          () => true,
          () => false,
        ),
      { what: 'the service answers again', timeoutMs: 10_000 },
    );
  }, 30_000);
});
