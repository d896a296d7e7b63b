import { readFileSync } from 'node:fs';
import { connectBus } from '@switchyard/bus';
import { currentTraceIds, withSpan } from '@switchyard/telemetry';
import { startTracing } from '@switchyard/telemetry/testing';
import { waitUntil } from '@switchyard/testing';
import { Collector, type CollectedSpan } from './collector.js';
import { START_TIMEOUT_MS, startTestStack, type TestStack } from './test-stack.js';

const PROMPT = 'prompt-that-no-span-may-show';
const [SERVER, CLIENT, PRODUCER, CONSUMER] = [2, 3, 4, 5];

describe('observability', () => {
  const collector = new Collector();
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack({
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: await collector.start(),
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
    });
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await stack?.stop();
    collector.stop();
  }, START_TIMEOUT_MS);

  const urlOf = (service: string) => stack.services().find(({ name }) => name === service)?.url;
  const metricsOf = async (service: string) => (await fetch(`${urlOf(service)}/metrics`)).text();
  const sample = (metrics: string, name: string) =>
    metrics
      .split('\n')
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  const logLines = (service: string) =>
    readFileSync(stack.processes.find(({ name }) => name === service)!.logFile, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);

  /** Streams one answer and waits for the span that ends last. */
  const streamed = async (content: string) => {
    const stream = await stack.client.chat.completions.create({
      model: 'sandbox/echo',
      messages: [{ role: 'user', content }],
      stream: true,
    });
    let id = '';
    for await (const chunk of stream) id = chunk.id;
    const root = () =>
      collector.spans.find((span) => span.attributes['switchyard.generation.id'] === id && span.kind === SERVER);
    const trace = () => collector.spans.filter(({ traceId }) => traceId === root()?.traceId);
    // Each process sends its spans when it pleases: complete is a trace in which no parent is missing.
    const complete = () => {
      const ids = new Set(trace().map(({ spanId }) => spanId));
      const ends = ['process usage.', 'process generation.'].map((start) =>
        trace().some(({ name }) => name.startsWith(start)),
      );
      const rooted = trace().every(({ parentSpanId }) => parentSpanId === undefined || ids.has(parentSpanId));
      return rooted && !ends.includes(false);
    };
    await waitUntil(complete, { what: 'the whole trace', timeoutMs: 15_000 });
    return { id, root: root()!, trace: trace() };
  };

  it('tells a generation in one trace, from the request to the books', async () => {
    // The first request borrows credit, so the trace shows that call, too.
    const { id, root, trace } = await streamed(PROMPT);
    const only = (match: (span: CollectedSpan) => boolean) => {
      const found = trace.filter(match);
      expect(found).toHaveLength(1);
      return found[0]!;
    };
    const attempt = only(({ name }) => name === 'attempt');
    const upstream = only(({ name }) => name === 'chat echo');
    const published = only(({ name, kind }) => name === 'publish usage.v1.sandbox' && kind === PRODUCER);
    const booked = only(({ name }) => name === 'process usage.v1.sandbox');
    expect([root, attempt, upstream, published, booked].map(({ service, kind }) => [service, kind])).toEqual([
      ['switchyard-edge', SERVER],
      ['switchyard-edge', 1],
      ['switchyard-worker', CLIENT],
      ['switchyard-worker', PRODUCER],
      ['switchyard-ledger', CONSUMER],
    ]);
    expect(root.parentSpanId).toBeUndefined();
    expect(attempt.parentSpanId).toBe(root.spanId);
    expect(upstream.parentSpanId).toBe(attempt.spanId);
    expect(published.parentSpanId).toBe(upstream.spanId);
    expect(booked.parentSpanId).toBe(published.spanId);
    expect(booked.attributes['messaging.message.id']).toBe(id);
    const lent = only(({ name, kind }) => name.includes('lease') && kind === SERVER);
    expect(lent.service).toBe('switchyard-ledger');
  }, 30_000);

  it('names model, provider and tokens as the conventions for generative AI do, and no text', async () => {
    const { root, trace } = await streamed(PROMPT);
    const record = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'sandbox' };
    const usage = {
      'gen_ai.usage.input_tokens': expect.any(Number),
      'gen_ai.usage.output_tokens': expect.any(Number),
      'gen_ai.response.finish_reasons': ['stop'],
    };
    expect(root.attributes).toMatchObject({ ...record, ...usage, 'gen_ai.response.model': 'sandbox/echo' });
    const upstream = trace.find(({ name }) => name === 'chat echo');
    expect(upstream?.attributes).toMatchObject({ ...record, ...usage, 'gen_ai.request.model': 'echo' });
    expect(collector.bodies.join('\n')).not.toContain(PROMPT);
  }, 30_000);

  it('keeps the text out of the spans of what fails, and names the error', async () => {
    const failed = stack.client.chat.completions.create({
      model: 'sandbox/echo',
      messages: [{ role: 'user', content: `${PROMPT} [[fault: status=500 echo_key]]` }],
    });
    await expect(failed).rejects.toMatchObject({ status: 502 });
    const errors = () => collector.spans.filter(({ attributes }) => attributes['error.type'] === 'upstream_error');
    const services = () => new Set(errors().map(({ service }) => service));
    await waitUntil(() => services().size === 2, { what: 'edge and worker tell the error' });
    expect(services()).toEqual(new Set(['switchyard-edge', 'switchyard-worker']));
    expect(new Set(errors().map(({ traceId }) => traceId)).size).toBe(1);
    expect(collector.bodies.join('\n')).not.toContain(PROMPT);
  }, 30_000);

  it('writes the trace into the lines of the log', async () => {
    const tracing = startTracing();
    const bus = await connectBus({ servers: stack.natsUrl, name: 'test' });
    try {
      // What breaks the contract is the one thing that the ledger tells by a line of its own.
      const traceId = await withSpan('broken', {}, async () => {
        await bus.jetstream.publish('usage.v1.sandbox', '{"broken":true}', { messageId: 'broken' });
        return currentTraceIds()?.traceId;
      });
      expect(traceId).toMatch(/^[0-9a-f]{32}$/);
      const told = () => logLines('ledger').find((line) => line['trace_id'] === traceId);
      await waitUntil(() => told() !== undefined, { what: 'the line' });
      expect(told()).toMatchObject({ level: 'error', service: 'ledger', message: expect.any(String) });
    } finally {
      await bus.close();
      await tracing.stop();
    }
  }, 30_000);

  it('measures what the gateway itself adds to each generation', async () => {
    const name = 'switchyard_gateway_overhead_seconds';
    const before = sample(await metricsOf('edge'), `${name}_count`);
    await streamed('hello');
    const metrics = await metricsOf('edge');
    expect(sample(metrics, `${name}_count`)).toBe(before + 1);
    expect(sample(metrics, `${name}_sum`)).toBeGreaterThan(0);
    expect(metrics).toContain(`# TYPE ${name} histogram`);
  }, 30_000);

  it('says in a metric of the ledger that no invariant is broken', async () => {
    const name = 'switchyard_ledger_audit_violations';
    await stack.api('/audit');
    const metrics = await metricsOf('ledger');
    expect(metrics).toMatch(new RegExp(`^${name}(\\{[^}]*\\})? 0$`, 'm'));
    expect(sample(metrics, name)).toBe(0);
  });
});
