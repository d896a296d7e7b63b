import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { StreamClient } from '@switchyard/bus';
import type { EndpointHistory } from '@switchyard/contracts';
import { CatalogueStore } from '../catalogue/catalogue.store.js';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { HealthStore, MonotonicClock } from '../health/health.store.js';
import { ErrorFilter } from '../http/error.filter.js';
import { HistoryStore } from './history.store.js';
import { StatusController } from './status.controller.js';
import type { StatusReport } from './status-report.js';
import { FRESH_MS, StatusService } from './status.service.js';

class TestClock extends MonotonicClock {
  ms = 0;
  override nowMs(): number {
    return this.ms;
  }
}

const STEP_MS = 900_000;
const historyOf = (steps: EndpointHistory['steps']): EndpointHistory => ({
  endpointId: 'alpha:acme/large',
  modelId: 'acme/large',
  stepMs: STEP_MS,
  steps,
  updatedAtMs: Date.now(),
});

describe('the status of the installation over HTTP', () => {
  let app: NestFastifyApplication;
  let base: string;
  let health: HealthStore;
  let histories: HistoryStore;
  const clock = new TestClock();
  let served: ReadonlySet<string> | null = null;

  const ask = async (accept: string, query = '') => {
    const response = await fetch(`${base}/api/v1/status${query}`, { headers: { accept } });
    return { headers: response.headers, text: await response.text() };
  };
  const report = async (): Promise<StatusReport> => {
    clock.ms += FRESH_MS;
    return (JSON.parse((await ask('*/*')).text) as { data: StatusReport }).data;
  };
  const fail = (endpointId: string, times: number) => {
    for (let time = 0; time < times; time += 1) health.observe(endpointId, 'failure');
  };

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      controllers: [StatusController],
      providers: [
        { provide: MonotonicClock, useValue: clock },
        HealthStore,
        CatalogueStore,
        HistoryStore,
        StatusService,
        { provide: StreamClient, useValue: { servedProviders: () => served } },
      ],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    app.useLogger(false);
    app.useGlobalFilters(new ErrorFilter());
    await app.listen(0, '127.0.0.1');
    base = await app.getUrl();
    health = app.get(HealthStore);
    histories = app.get(HistoryStore);
    const catalogue = app.get(CatalogueStore);
    const hostile = anEndpoint({ tag: 'beta', providerName: '<img src=x onerror=alert(1)>' });
    catalogue.put(aModel({ id: 'acme/large', endpoints: [anEndpoint({ tag: 'alpha' }), hostile] }));
    catalogue.put(aModel({ id: 'acme/small', endpoints: [anEndpoint({ tag: 'alpha' })] }));
    catalogue.put(aModel({ id: 'acme/unserved', endpoints: [] }));
  }, 30_000);
  afterAll(() => app.close());

  it('is operational while nothing is out', async () => {
    const { status, models, providers, endpoints } = await report();
    expect({ status, models, endpoints }).toEqual({
      status: 'operational',
      models: { total: 2, degraded: 0, outage: 0 },
      endpoints: [],
    });
    expect(providers.map(({ slug, endpoints: count }) => [slug, count])).toEqual([
      ['alpha', 2],
      ['beta', 1],
    ]);
  });

  it('is degraded while another endpoint serves, and an outage when none is left', async () => {
    fail('beta:acme/large', 5);
    expect(await report()).toMatchObject({
      status: 'degraded',
      models: { degraded: 1 },
      endpoints: [{ model_id: 'acme/large', tag: 'beta', state: 'ejected', status: 'outage' }],
    });
    fail('alpha:acme/small', 1);
    const after = await report();
    expect(after).toMatchObject({ status: 'outage', models: { degraded: 1, outage: 1 } });
    expect(after.endpoints.map(({ state }) => state)).toEqual(['ejected', 'outage']);
    expect(after.providers.map(({ status, endpoints_out }) => [status, endpoints_out])).toEqual([
      ['degraded', 1],
      ['outage', 1],
    ]);
  });

  it('has the last 24 hours in percent, and no figure that tells the traffic', async () => {
    const now = Math.floor(Date.now() / STEP_MS);
    histories.put(
      historyOf([
        [now - 200, 900, 900, 0, 0],
        [now - 8, 3_000, 1, 0, 0],
        [now, 777, 0, 0, 0],
      ]),
    );
    const { endpoints, history_start } = await report();
    const line = endpoints.find(({ model_id, tag }) => model_id === 'acme/large' && tag === 'alpha')!;
    expect(line.uptime_last_1d).toBe(99.97);
    expect(line.history).toHaveLength(24);
    expect(line.history.filter((uptime) => uptime !== null)).toEqual([99.96, 100]);
    expect(line.history.at(-1)).toBe(100);
    expect(Date.parse(history_start) % 3_600_000).toBe(0);
    expect((await ask('*/*')).text).not.toMatch(/777|3000/);
  });

  it('is a page for browsers, without scripts and with every text escaped', async () => {
    const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    const { headers, text } = await ask(browser);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; style-src 'sha256-");
    expect(headers.get('vary')).toContain('accept');
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(text).not.toMatch(/<script|<img|https?:|url\(/);
    expect(text).toMatch(/<html lang="en">.*<h1>.*<caption>.*scope="col".*scope="row"/s);
    expect((await ask(browser, '?format=json')).headers.get('content-type')).toContain('application/json');
  });

  it('is made anew at most every five seconds', async () => {
    await report();
    const before = (await ask('*/*')).text;
    fail('alpha:acme/large', 5);
    expect((await ask('*/*')).text).toBe(before);
    clock.ms += FRESH_MS;
    expect((await ask('*/*')).text).not.toBe(before);
  });

  it('leaves out what has no worker here, unless it was used in the last day: then it is out', async () => {
    // Of the two, only alpha has a history.
    served = new Set(['beta']);
    const { providers, models } = await report();
    expect(providers.map(({ slug, endpoints }) => [slug, endpoints])).toEqual([
      ['alpha', 1],
      ['beta', 1],
    ]);
    expect(providers[0]?.status).toBe('outage');
    expect(models.total).toBe(1);
    served = new Set(['alpha']);
    expect((await report()).providers.map(({ slug }) => slug)).toEqual(['alpha']);
    served = null;
    expect((await report()).providers.map(({ slug }) => slug)).toEqual(['alpha', 'beta']);
  });

  it('leaves out what has no worker here and was last used before that day, however long its history is remembered', async () => {
    const twoDaysAgo = Math.floor(Date.now() / STEP_MS) - 200;
    histories.put({ ...historyOf([[twoDaysAgo, 900, 900, 0, 0]]), endpointId: 'alpha:acme/small' });
    histories.remove('alpha:acme/large');
    served = new Set(['beta']);
    const { providers, models } = await report();
    expect(providers.map(({ slug, endpoints }) => [slug, endpoints])).toEqual([['beta', 1]]);
    expect(models.total).toBe(1);
  });
});
