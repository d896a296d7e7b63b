import { ERRORS, ERROR_CODES } from '@switchyard/contracts';
import type { ErrorCode } from '@switchyard/contracts';
import fc from 'fast-check';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import type { OrderedCandidate } from '../routing/index.js';
import { AttemptPlan } from './attempt-plan.js';
import type { FailureFacts } from './retry-policy.js';

const candidate = (modelId: string, tag: string): OrderedCandidate => {
  const model = aModel({ id: modelId, endpoints: [anEndpoint({ tag })] });
  return { model, endpoint: model.endpoints[0]!, reason: 'price_weighted' };
};
const budget = { maxAttempts: 6, windowMs: 60_000 };
const failure = (code: ErrorCode, fields: Partial<FailureFacts> = {}): FailureFacts => ({
  code,
  retryable: ERRORS[code].retryable,
  retryAfterMs: null,
  upstreamStatus: null,
  ...fields,
});
const walk = (candidates: OrderedCandidate[], failures: FailureFacts[], clock = () => 0) => {
  const plan = new AttemptPlan(candidates, budget, clock);
  let planned = plan.first();
  const seen = planned ? [planned.candidate.endpoint.id] : [];
  for (const next of failures) {
    planned = plan.after(next);
    if (!planned) break;
    seen.push(planned.candidate.endpoint.id);
  }
  return { seen, waitMs: planned?.waitMs ?? null };
};

describe('the plan of attempts', () => {
  const [a, b, other] = [candidate('m/one', 'a'), candidate('m/one', 'b'), candidate('m/two', 'c')];

  it.each([
    'upstream_timeout',
    'upstream_overloaded',
    'upstream_unreachable',
    'upstream_auth',
    'upstream_rate_limited',
  ] as const)('goes to the next endpoint after %s', (code) =>
    expect(walk([a, b], [failure(code)]).seen).toEqual(['a:m/one', 'b:m/one']),
  );

  it.each(['context_length_exceeded', 'content_policy_violation', 'upstream_rejected', 'payload_too_large'] as const)(
    'goes to the next model after %s, which another endpoint would say as well',
    (code) => expect(walk([a, b, other], [failure(code)]).seen).toEqual(['a:m/one', 'c:m/two']),
  );

  it('ends when there is no other model', () => {
    expect(walk([a, b], [failure('context_length_exceeded')]).seen).toEqual(['a:m/one']);
  });

  it('asks a group of workers again before it goes on', () => {
    expect(walk([a, b], [failure('worker_busy'), failure('worker_busy')]).seen).toEqual([
      'a:m/one',
      'a:m/one',
      'b:m/one',
    ]);
    expect(walk([a, b], [failure('worker_lost')]).seen).toEqual(['a:m/one', 'a:m/one']);
    expect(walk([a, b], [failure('worker_unavailable')]).seen).toEqual(['a:m/one', 'b:m/one']);
  });

  it('repeats one broken answer where nobody else can serve, and no second', () => {
    const broken = failure('upstream_error', { upstreamStatus: 500 });
    expect(walk([a], [broken, broken, broken]).seen).toHaveLength(2);
    expect(walk([a], [failure('upstream_error', { upstreamStatus: 503 })]).seen).toHaveLength(1);
  });

  it('waits for a short Retry-After where nobody else can serve', () => {
    const limited = failure('upstream_rate_limited', { upstreamStatus: 429, retryAfterMs: 2_000 });
    expect(walk([a], [limited])).toEqual({ seen: ['a:m/one', 'a:m/one'], waitMs: 2_000 });
    expect(walk([a], [limited, limited, limited, limited]).seen).toHaveLength(3);
    expect(walk([a], [failure('upstream_rate_limited', { retryAfterMs: 2_001 })]).seen).toHaveLength(1);
    expect(walk([a, b], [limited])).toMatchObject({ seen: ['a:m/one', 'b:m/one'], waitMs: 0 });
  });

  it('starts nothing after its window', () => {
    let now = 0;
    const plan = new AttemptPlan([a, b], budget, () => now);
    plan.first();
    now = budget.windowMs;
    expect(plan.after(failure('upstream_timeout'))).toBeNull();
  });

  it('never passes its budget, never asks an endpoint again what it can only refuse again, and ends', () => {
    const never = new Set([400, 401, 403, 404, 413, 422]);
    const facts = fc.record({
      code: fc.constantFrom(...ERROR_CODES),
      retryable: fc.boolean(),
      retryAfterMs: fc.option(fc.nat(5_000)),
      upstreamStatus: fc.option(fc.constantFrom(400, 401, 403, 404, 413, 422, 429, 500, 502, 503)),
    });
    const candidates = fc.array(
      fc.tuple(fc.constantFrom('m/one', 'm/two', 'm/three'), fc.constantFrom('a', 'b', 'c')),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(candidates, fc.array(facts, { minLength: 20, maxLength: 20 }), (drawn, failures) => {
        const list = drawn.map(([model, tag]) => candidate(model, tag));
        const plan = new AttemptPlan(list, budget, () => 0);
        let planned = plan.first()!;
        let attempts = 1;
        for (const next of failures) {
          const following = plan.after(next);
          if (!following) break;
          attempts += 1;
          const same = following.candidate === planned.candidate;
          const refused =
            !next.retryable || never.has(next.upstreamStatus ?? 0) || next.code === 'context_length_exceeded';
          expect(same && refused).toBe(false);
          planned = following;
        }
        expect(attempts).toBeLessThanOrEqual(budget.maxAttempts);
      }),
    );
  });
});
