import type { UpstreamFailure } from '@switchyard/contracts';
import { providers } from '@switchyard/providers';
import { KeyRing, REFUSED_REST_MS, USUAL_REST_MS } from './key-ring.js';
import { mayServe, singleKey } from './upstream-key.js';
import type { UpstreamKey } from './upstream-key.js';

const key = (name: string, fields: Partial<UpstreamKey> = {}): UpstreamKey => ({
  ...singleKey(`sk-${name}`),
  name,
  ...fields,
});
const target = { modelId: 'openai/gpt-5-mini', upstreamModel: 'gpt-5-mini', tag: 'azure/eu' };
const ringOf = (...keys: UpstreamKey[]) => new KeyRing({ keys, provider: providers.get('openai')! });
const names = (ring: KeyRing, nowMs = 0) => ring.inOrder(target, nowMs).map(({ name }) => name);
const limited = (fields: Partial<UpstreamFailure> = {}): UpstreamFailure => ({
  code: 'upstream_rate_limited',
  message: '',
  retryable: true,
  ...fields,
});

describe('the keys of a provider', () => {
  const [a, b, c] = [key('a'), key('b'), key('c', { fallback: true })];

  it('are used in their order, fallback keys last', () => {
    expect(names(ringOf(c, a, b))).toEqual(['a', 'b', 'c']);
  });

  it('rest one by one when the provider limits them, for as long as it asks', () => {
    const ring = ringOf(a, b, c);
    expect(ring.rest(a, limited({ retryAfterMs: 5_000 }), 0)).toBe(true);
    expect(names(ring, 4_999)).toEqual(['b', 'c']);
    expect(names(ring, 5_000)).toEqual(['a', 'b', 'c']);
    ring.rest(b, limited(), 5_000);
    expect(names(ring, 5_000 + USUAL_REST_MS - 1)).toEqual(['a', 'c']);
    expect(names(ring, 5_000 + USUAL_REST_MS)).toEqual(['a', 'b', 'c']);
  });

  it('rest for minutes when the provider refuses them, and never for longer than five', () => {
    const ring = ringOf(a, b);
    ring.rest(a, limited({ code: 'upstream_auth' }), 0);
    expect(names(ring, REFUSED_REST_MS - 1)).toEqual(['b']);
    expect(names(ring, REFUSED_REST_MS)).toEqual(['a', 'b']);
    ring.rest(b, limited({ retryAfterMs: 86_400_000 }), REFUSED_REST_MS);
    expect(names(ring, REFUSED_REST_MS + 300_000)).toEqual(['a', 'b']);
  });

  it('are never all away: the one that is ready first is asked', () => {
    const ring = ringOf(a, b, c);
    ring.rest(a, limited({ retryAfterMs: 9_000 }), 0);
    ring.rest(b, limited({ retryAfterMs: 3_000 }), 0);
    ring.rest(c, limited({ retryAfterMs: 6_000 }), 0);
    expect(names(ring, 1)).toEqual(['b']);
    const single = ringOf(a);
    single.rest(a, limited(), 0);
    expect(names(single, 1)).toEqual(['a']);
  });

  it('do not rest for what another key would meet as well', () => {
    const ring = ringOf(a, b);
    for (const code of ['upstream_error', 'upstream_rejected', 'upstream_overloaded', 'upstream_timeout'] as const)
      expect(ring.rest(a, limited({ code }), 0)).toBe(false);
    expect(names(ring, 0)).toEqual(['a', 'b']);
  });

  it('are not shortened in their rest by a later failure', () => {
    const ring = ringOf(a, b);
    ring.rest(a, limited({ retryAfterMs: 60_000 }), 0);
    ring.rest(a, limited({ retryAfterMs: 1_000 }), 10);
    expect(names(ring, 59_999)).toEqual(['b']);
  });

  it.each([
    [{}, true],
    [{ models: ['openai/gpt-5-mini'] }, true],
    [{ models: ['gpt-5-mini'] }, true],
    [{ models: ['gpt-4*', 'openai/*'] }, true],
    [{ models: ['gpt-5'] }, false],
    [{ models: ['*-large'] }, false],
    [{ models: ['gpt*5*mini'] }, true],
    [{ models: ['gpt*mini*mini'] }, false],
    [{ models: ['.*'] }, false],
    [{ regions: ['eu'] }, true],
    [{ regions: ['us'] }, false],
    [{ models: ['*'], regions: ['us'] }, false],
  ])('with the filter %j may serve an endpoint: %s', (fields, expected) => {
    expect(mayServe(key('x', fields), target)).toBe(expected);
    expect(names(ringOf(key('x', fields)))).toEqual(expected ? ['x'] : []);
  });
});
