import { hedgeDelayMs, mayHedge, mayLose } from './hedge.js';
import type { Generation } from './generation.js';

const plain = { reasoning: null };
const thinking = { reasoning: { mandatory: false, efforts: [], defaultEffort: null, maxTokens: false } };
const latency = (p90: number, p99: number) => ({ p50: 1, p75: 2, p90, p99 });
const slow = { when: 'slow' } as const;

describe('when a second attempt starts', () => {
  it('is never by default, and when the client says', () => {
    expect(hedgeDelayMs({ when: 'never' }, plain, latency(500, 500))).toBeNull();
    expect(hedgeDelayMs({ when: 'after', ms: 77 }, plain, latency(500, 500))).toBe(77);
  });

  it('is after the 95th percentile of the time to the first token, within bounds', () => {
    expect(hedgeDelayMs(slow, plain, latency(1000, 1900))).toBe(1500);
    expect(hedgeDelayMs(slow, plain, latency(10, 20))).toBe(250);
    expect(hedgeDelayMs(slow, plain, latency(20_000, 90_000))).toBe(10_000);
    expect(hedgeDelayMs(slow, thinking, latency(20_000, 20_000))).toBe(20_000);
  });

  it('is a guess for an endpoint without figures, and models that reason get longer', () => {
    expect(hedgeDelayMs(slow, plain, null)).toBe(5_000);
    expect(hedgeDelayMs(slow, thinking, null)).toBe(20_000);
  });
});

describe('what may be asked twice', () => {
  const asked = (fields: object): boolean =>
    mayHedge({ request: { stream: true }, steps: null, ...fields } as unknown as Generation);

  it('is a stream without effects beyond its answer', () => {
    expect(asked({})).toBe(true);
    expect(asked({ request: { stream: false } })).toBe(false);
    expect(asked({ request: { stream: true, webSearchOptions: {} } })).toBe(false);
    expect(asked({ job: 'embeddings' })).toBe(false);
    expect(asked({ steps: {} })).toBe(false);
  });

  it('is a provider that stops its bill when it is closed', () => {
    expect(mayLose({ provider: 'openai' })).toBe(true);
    expect(mayLose({ provider: 'nobody-knows' })).toBe(false);
  });
});
