import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, type TracerProvider } from '@opentelemetry/sdk-trace';
import { GatewayError } from '@switchyard/contracts';
import { runWithRequestId, currentRequestId } from './request-id.js';
import { recordSpan, withSpan } from './spans.js';
import { startTracing } from './start.js';
import { currentTraceHeaders, currentTraceIds, runWithTraceHeaders } from './trace-headers.js';
import { setTelemetry } from './tracing-state.js';

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('with tracing off', () => {
  beforeAll(() => setTelemetry(undefined));

  it('runs spans as plain calls and has nothing to send', async () => {
    expect(withSpan('name', { a: 1 }, (span) => span.setAttribute('b', 2) && 7)).toBe(7);
    await expect(withSpan('name', {}, async () => 8)).resolves.toBe(8);
    expect(currentTraceHeaders()).toEqual({});
    expect(runWithTraceHeaders({ traceparent: PARENT }, () => currentTraceHeaders())).toEqual({});
    expect(currentTraceIds()).toBeNull();
  });
});

describe('with tracing on', () => {
  const exporter = new InMemorySpanExporter();
  let provider: TracerProvider;

  beforeAll(() => {
    provider = startTracing(new SimpleSpanProcessor({ exporter }));
  });
  beforeEach(() => exporter.reset());
  afterAll(async () => {
    await provider.shutdown();
    trace.disable();
    setTelemetry(undefined);
  });

  it('goes on with the trace of the other side, also when the headers travel as JSON in the meta of a call', async () => {
    const meta = await withSpan('edge', {}, async () => JSON.stringify({ trace: currentTraceHeaders() }));
    const { trace: headers } = JSON.parse(meta) as { trace: Record<string, string> };
    await runWithTraceHeaders(headers, () => withSpan('worker', {}, async () => undefined, 'server'));
    const [edge, worker] = exporter.getFinishedSpans();
    expect(edge?.name).toBe('edge');
    expect(worker?.spanContext().traceId).toBe(edge?.spanContext().traceId);
    expect(worker?.parentSpanContext?.spanId).toBe(edge?.spanContext().spanId);
  });

  it('does not mistake broken headers for a trace', () => {
    const ids = ['', 'x', '00-00000000000000000000000000000000-b7ad6b7169203331-01'].map((traceparent) =>
      runWithTraceHeaders({ traceparent }, () => withSpan('s', {}, () => currentTraceIds()?.traceId)),
    );
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(ids).size).toBe(3);
    expect(runWithTraceHeaders({ traceparent: PARENT }, () => currentTraceIds()?.traceId)).toBe(PARENT.slice(3, 35));
  });

  it('records afterwards what was done for several traces at once', () => {
    const startedAtMs = Date.now() - 1_000;
    runWithTraceHeaders({ traceparent: PARENT }, () =>
      recordSpan('process', { a: 1 }, { side: 'consumer', startedAtMs, error: new GatewayError('rate_limited') }),
    );
    const [span] = exporter.getFinishedSpans();
    expect(span?.spanContext().traceId).toBe(PARENT.slice(3, 35));
    expect(span?.attributes).toEqual({ a: 1, 'error.type': 'rate_limited' });
    expect(span?.duration[0]).toBeGreaterThanOrEqual(1);
  });

  it('keeps the messages of errors out of the trace, because they may quote a user', async () => {
    const secret = 'the prompt of a user';
    await expect(withSpan('fails', {}, () => Promise.reject(new TypeError(secret)))).rejects.toThrow(secret);
    expect(() =>
      withSpan('refuses', {}, () => {
        throw new GatewayError('rate_limited', { message: secret });
      }),
    ).toThrow(secret);
    const spans = exporter.getFinishedSpans();
    expect(spans.map((span) => span.attributes['error.type'])).toEqual(['TypeError', 'rate_limited']);
    expect(spans.map((span) => span.status.code)).toEqual([2, 2]);
    const recorded = spans.map((span) => [span.name, span.attributes, span.status, span.events]);
    expect(JSON.stringify(recorded)).not.toContain(secret);
  });

  it('keeps spans that run at the same time apart', async () => {
    await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        withSpan(name, {}, async () => {
          await Promise.resolve();
          await withSpan(`${name}-inner`, {}, async () => undefined);
        }),
      ),
    );
    const spans = exporter.getFinishedSpans();
    for (const name of ['a', 'b', 'c']) {
      const outer = spans.find((span) => span.name === name);
      const inner = spans.find((span) => span.name === `${name}-inner`);
      expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
    }
  });
});

describe('the request id', () => {
  it('belongs to what runs inside, and to nothing else', async () => {
    const inside = runWithRequestId('gen-1', async () => {
      await Promise.resolve();
      return currentRequestId();
    });
    expect(currentRequestId()).toBeUndefined();
    await expect(inside).resolves.toBe('gen-1');
    expect(runWithRequestId(undefined, () => currentRequestId())).toBeUndefined();
  });
});
