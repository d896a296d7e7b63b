import 'reflect-metadata';
import { Controller, type INestMicroservice } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { event, rpc, USAGE_STREAM } from '@switchyard/contracts';
import { currentTraceHeaders, currentTraceIds, runWithTraceHeaders, withSpan } from '@switchyard/telemetry';
import { startTracing } from '@switchyard/telemetry/testing';
import { startNatsServer, type TestNats, waitUntil } from '@switchyard/testing';
import { z } from 'zod';
import { type Bus, connectBus } from './bus.js';
import { ensureTopology } from './jetstream/topology.js';
import { Request, Serves } from './rpc/serves.js';
import { rpcMicroservice } from './rpc/server.js';

const Ask = rpc('test.v1.rpc.trace.ask', z.object({}), z.object({ traceId: z.string().nullable() }));
const Told = event('test.v1.event.trace.told', z.object({}));

@Controller()
class TracedController {
  @Serves(Ask)
  async ask(@Request(Ask) _request: object) {
    await Promise.resolve();
    return { traceId: currentTraceIds()?.traceId ?? null };
  }
}

describe('a trace', () => {
  let nats: TestNats;
  let bus: Bus;
  let service: INestMicroservice;
  const tracing = startTracing();

  beforeAll(async () => {
    nats = await startNatsServer();
    await ensureTopology(nats.url);
    bus = await connectBus({ servers: nats.url, name: 'edge' });
    const module = await Test.createTestingModule({ controllers: [TracedController] }).compile();
    service = module.createNestMicroservice({
      ...rpcMicroservice({ servers: nats.url, name: 'service' }),
      logger: false,
    });
    await service.listen();
  }, 60_000);
  beforeEach(() => tracing.reset());
  afterAll(async () => {
    await service.close();
    await bus.close();
    await nats.stop();
    await tracing.stop();
  });

  it('goes on in the service that is called, as client and server span', async () => {
    const { traceId, reply } = await withSpan('generation', {}, async () => ({
      traceId: currentTraceIds()?.traceId,
      reply: await bus.rpc.call(Ask, {}),
    }));
    expect(reply.traceId).toBe(traceId);
    await waitUntil(() => tracing.spans().length === 3, { what: 'all spans end' });
    const [generation, client, server] = ['generation', 'CLIENT', 'SERVER'].map((which) =>
      tracing.spans().find((span) => span.name === which || (span.name === Ask.subject && span.kind === which)),
    );
    expect(client?.parentSpanId).toBe(generation?.spanId);
    expect(server?.parentSpanId).toBe(client?.spanId);
  });

  it('goes on where an event is heard', async () => {
    const heard: (string | undefined)[] = [];
    const subscription = bus.subscriber.subscribe(Told, () => void heard.push(currentTraceIds()?.traceId));
    const traceId = withSpan('generation', {}, () => {
      bus.events.publish(Told, {});
      return currentTraceIds()?.traceId;
    });
    await waitUntil(() => heard.length === 1, { what: 'the event' });
    expect(heard).toEqual([traceId]);
    subscription.stop();
  });

  it('goes on where a message is taken out of a stream', async () => {
    const seen: (string | undefined)[] = [];
    const consumer = await bus.consumers.consume({
      stream: USAGE_STREAM,
      durable: 'traced',
      maxBatch: 10,
      maxWaitMs: 10,
      handler: async (messages) => {
        for (const message of messages) {
          runWithTraceHeaders(message.traceHeaders, () =>
            withSpan('apply', {}, () => seen.push(currentTraceIds()?.traceId), 'consumer'),
          );
        }
      },
    });
    const traceId = await withSpan('generation', {}, async () => {
      await bus.jetstream.publish('usage.v1.x', 'a', { messageId: 'a' });
      return currentTraceIds()?.traceId;
    });
    await waitUntil(() => seen.length === 1, { what: 'the message' });
    expect(seen).toEqual([traceId]);
    await waitUntil(() => tracing.spans().some(({ name }) => name === 'process usage.v1.x'), { what: 'the span' });
    const [published, processed] = ['publish', 'process'].map((what) =>
      tracing.spans().find(({ name }) => name === `${what} usage.v1.x`),
    );
    expect(processed).toMatchObject({ kind: 'CONSUMER', traceId, parentSpanId: published?.spanId });
    expect(processed?.attributes).toMatchObject({ 'messaging.message.id': 'a', 'messaging.batch.message_count': 1 });
    await consumer.stop();
  });

  it('survives the meta of a call, which is JSON', () => {
    const meta = withSpan('edge', {}, () => JSON.stringify({ trace: currentTraceHeaders() }));
    const { trace } = JSON.parse(meta) as { trace: Record<string, string> };
    const worker = runWithTraceHeaders(trace, () => withSpan('worker', {}, () => currentTraceIds()?.traceId));
    expect(worker).toBe(tracing.spans().find((span) => span.name === 'edge')?.traceId);
  });
});
