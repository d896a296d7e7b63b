import { usageOf } from '@switchyard/contracts';
import { PAYMENT_CASES } from '@switchyard/pricing';
import type { PaymentCase } from '@switchyard/pricing';
import type { LaneSummary } from '@switchyard/protocols';
import { failureOf } from '../upstream/failure.js';
import { endingOf } from './ending.js';
import type { EndingFacts } from './ending.js';

const USAGE = usageOf({ source: 'reported', inputTokens: 10, outputTokens: 20, requests: 1 });
const GOOD: LaneSummary = {
  usage: USAGE,
  partialUsage: USAGE,
  upstreamCostUsd: null,
  finishReason: 'stop',
  nativeFinishReason: 'stop',
  upstreamId: 'x',
  outputCharacters: 80,
  outputBytes: 80,
  toolCallCount: 0,
  terminal: true,
  failure: null,
  toolCalls: null,
};
const CUT: Partial<LaneSummary> = {
  usage: null,
  partialUsage: null,
  finishReason: null,
  nativeFinishReason: null,
  terminal: false,
};

const end = (summary: Partial<LaneSummary>, facts: Partial<EndingFacts> = {}) =>
  endingOf({
    progress: { dispatched: true, status: 200, spoke: true },
    streamed: true,
    thrown: null,
    cancelled: null,
    stopped: null,
    prompt: () => ({ promptBytes: 400, images: 1 }),
    ...facts,
    summary: { ...GOOD, ...summary },
  });
const SILENT = { progress: { dispatched: true, status: 200, spoke: false } };
const CANCELLED = { cancelled: { reason: 'client_closed', fault: false } };

describe('how an attempt ends', () => {
  it('is final with the usage of the provider', () => {
    expect(end({})).toEqual({ kind: 'end', case: 'finished', outcome: 'final', usage: USAGE });
  });

  it('is an estimate without usage, from four characters per token and the images', () => {
    expect(end({ usage: null, partialUsage: null })).toMatchObject({
      kind: 'end',
      outcome: 'estimate',
      usage: { source: 'estimated', inputTokens: 100 + 258, outputTokens: 20 },
    });
  });

  it.each([[-1], [1.5], [2 ** 63], [Number.NaN]])('does not believe %d tokens', (outputTokens) => {
    const ending = end({ usage: { ...USAGE, outputTokens }, partialUsage: null });
    expect(ending).toMatchObject({ outcome: 'estimate', usage: { source: 'estimated', outputTokens: 20 } });
  });

  it('respects an explicit zero', () => {
    const zero = usageOf({ source: 'reported', requests: 1 });
    expect(end({ usage: zero })).toMatchObject({ outcome: 'final', usage: zero });
  });

  it('is charged when the content filter stopped it', () => {
    expect(end({ finishReason: 'content_filter', nativeFinishReason: 'content_filter' })).toMatchObject({
      outcome: 'final',
    });
  });

  it.each<[string, Partial<LaneSummary>, Partial<EndingFacts>, string]>([
    ['the upstream died', CUT, {}, 'upstream_disconnected'],
    ['it finished with an error', { finishReason: 'error' }, {}, 'upstream_error'],
    ['an error came in the stream', { failure: failureOf('upstream_overloaded') }, {}, 'upstream_overloaded'],
    ['a deadline passed', CUT, { thrown: failureOf('upstream_timeout') }, 'upstream_timeout'],
    ['it was blank', { nativeFinishReason: null, outputCharacters: 0, usage: null }, {}, 'upstream_invalid_response'],
  ])('is insured after the first byte, and leaves nothing before it, when %s', (_, summary, facts, code) => {
    expect(end(summary, facts)).toMatchObject({ kind: 'fail', outcome: 'insured', failure: { code } });
    expect(end(summary, { ...facts, ...SILENT })).toMatchObject({ kind: 'fail', usage: null, failure: { code } });
  });

  it('takes the input that was reported before the cut, and no less output than was forwarded', () => {
    const partial = usageOf({ source: 'reported', inputTokens: 7, outputTokens: 1, requests: 1 });
    expect(end({ ...CUT, partialUsage: partial })).toMatchObject({
      usage: { source: 'estimated', inputTokens: 7, outputTokens: 20 },
    });
  });

  it('is charged in full when it was cancelled but read to its end', () => {
    expect(end({}, CANCELLED)).toMatchObject({ kind: 'fail', outcome: 'final', usage: USAGE });
  });

  it('is estimated when it was cancelled on the way', () => {
    const facts = { ...CANCELLED, thrown: failureOf('client_closed_request') };
    expect(end(CUT, facts)).toMatchObject({ outcome: 'estimate', failure: { code: 'client_closed_request' } });
  });

  it('costs nothing when it was cancelled before the provider was called', () => {
    const progress = { dispatched: false, status: null, spoke: false };
    expect(end(CUT, { ...CANCELLED, progress })).toMatchObject({ kind: 'fail', usage: null });
  });

  it('is insured when the provider failed while a cancelled answer was read on', () => {
    expect(end(CUT, CANCELLED)).toMatchObject({ outcome: 'insured' });
  });

  it.each([
    ['drain', 'worker_lost'],
    ['edge_lost', 'stream_lost'],
  ])('is insured when the gateway gave it up (%s)', (reason, code) => {
    const facts = { cancelled: { reason, fault: true }, thrown: failureOf('client_closed_request') };
    expect(end(CUT, facts)).toMatchObject({ outcome: 'insured', failure: { code, retryable: true } });
    expect(end(CUT, { ...facts, ...SILENT })).toMatchObject({ usage: null, failure: { code } });
  });

  it('charges what was written of an answer that ran out of credit, whatever the provider had made beyond it', () => {
    expect(end({}, { stopped: { outputCharacters: 40 } })).toEqual({
      kind: 'end',
      case: 'out_of_credit',
      outcome: 'estimate',
      usage: { ...USAGE, source: 'estimated', outputTokens: 10 },
      stopped: true,
    });
  });

  it.each<[PaymentCase, Partial<LaneSummary>, Partial<EndingFacts>]>([
    ['finished', {}, {}],
    ['finished_unreported', { usage: null }, {}],
    ['out_of_credit', CUT, { stopped: { outputCharacters: 8 } }],
    ['cancelled_unsent', CUT, { ...CANCELLED, progress: { dispatched: false, status: null, spoke: false } }],
    ['cancelled_closed', CUT, { ...CANCELLED, thrown: failureOf('client_closed_request') }],
    ['cancelled_drained', {}, CANCELLED],
    ['failed_unheard', CUT, { ...SILENT, thrown: failureOf('upstream_disconnected') }],
    ['failed_midway', CUT, { thrown: failureOf('upstream_disconnected') }],
    ['failed_midway', { ...CUT, finishReason: 'error' }, {}],
    ['gateway_failed', CUT, { cancelled: { reason: 'edge_lost', fault: true } }],
    ['gateway_failed', CUT, { cancelled: { reason: 'drain', fault: true } }],
    ['failed_unheard', CUT, { ...SILENT, cancelled: { reason: 'drain', fault: true } }],
    ['failed_midway', CUT, { ...CANCELLED, thrown: failureOf('upstream_disconnected') }],
  ])('is the case %s, and goes into the books as that says', (name, summary, facts) => {
    const ending = end(summary, facts);
    expect(ending.case).toBe(name);
    expect('outcome' in ending ? ending.outcome : null).toBe(PAYMENT_CASES[name].books);
  });
});
