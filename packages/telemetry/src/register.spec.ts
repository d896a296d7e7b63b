import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const ROOT = path.resolve(import.meta.dirname, '..');

/** Takes what exporters send, as a collector does. */
class Collector {
  readonly received: { url: string; body: string; headers: Record<string, unknown> }[] = [];
  #server: Server | null = null;

  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        this.received.push({ url: request.url ?? '', body, headers: request.headers });
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

async function run(env: Record<string, string>): Promise<{ lines: string[]; errors: string; code: number | null }> {
  const child = spawn(process.execPath, ['--import', '@switchyard/telemetry/register', 'test/traced.mjs'], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...env },
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { lines: output.trim().split('\n'), errors, code };
}

describe('@switchyard/telemetry/register', () => {
  const collector = new Collector();
  let endpoint: string;

  beforeAll(async () => {
    endpoint = await collector.start();
  });
  beforeEach(() => collector.received.splice(0));
  afterAll(() => collector.stop());

  it('traces nothing and counts all the same where no collector is named', async () => {
    await expect(run({})).resolves.toEqual({ lines: ['{}', 'counted'], errors: '', code: 0 });
  }, 30_000);

  it('sends traces and metrics to the collector, with the name of the service', async () => {
    const { lines, errors, code } = await run({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=one',
      OTEL_SERVICE_NAME: 'switchyard-test',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=ci',
    });
    expect({ errors, code, counted: lines[1] }).toEqual({ errors: '', code: 0, counted: 'counted' });
    const { traceparent } = JSON.parse(lines[0] ?? '{}') as { traceparent: string };
    const traces = collector.received.find((message) => message.url === '/v1/traces');
    const metrics = collector.received.find((message) => message.url === '/v1/metrics');
    expect(traces?.headers['x-tenant']).toBe('one');
    expect(traces?.body).toContain('"switchyard-test"');
    expect(traces?.body).toContain('"ci"');
    expect(traces?.body).toContain(traceparent.split('-')[1]);
    expect(metrics?.body).toContain('switchyard.attempts');
  }, 30_000);

  it('samples as the standard variables say', async () => {
    const { lines } = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: 'always_off' });
    expect(JSON.parse(lines[0] ?? '{}')).toEqual({ traceparent: expect.stringMatching(/-00$/) as string });
    expect(collector.received.filter((message) => message.url === '/v1/traces')).toEqual([]);
  }, 30_000);

  it('does not keep the process from ending when the collector is away', async () => {
    const { lines, code } = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    expect({ counted: lines[1], code }).toEqual({ counted: 'counted', code: 0 });
  }, 30_000);
});
