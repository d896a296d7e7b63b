import type { AttemptOutcome, EndpointHealth } from '@switchyard/contracts';

export const anOutcome = (fields: Partial<AttemptOutcome> = {}): AttemptOutcome => ({
  endpointId: 'a:acme/large',
  modelId: 'acme/large',
  provider: 'a',
  outcome: 'success',
  errorCode: null,
  headersMs: 50,
  firstTokenMs: 200,
  tokensPerSecond: 40,
  finishedAtMs: 0,
  ...fields,
});

const emptyWindow = { count: 0, failures: 0, latencyMs: null, throughput: null };

export const aHealth = (fields: Partial<EndpointHealth> = {}): EndpointHealth => ({
  endpointId: 'a:acme/large',
  modelId: 'acme/large',
  state: 'healthy',
  ejectedUntilMs: null,
  timesEjected: 0,
  windows: { last30s: emptyWindow, last5m: emptyWindow, last30m: emptyWindow },
  uptime: { last5m: null, last30m: null, last1d: null },
  day: { count: 0, failures: 0 },
  updatedAtMs: 0,
  ...fields,
});
