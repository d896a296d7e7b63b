import { GatewayError, usageOf } from '@switchyard/contracts';
import { anEndpoint } from '../catalogue/testing/builders.js';
import { AnswerTape } from '../completions/answer-tape.js';
import type { Answer } from '../completions/answer.js';
import type { Generation } from '../completions/generation.js';
import { cacheableAnswer } from './cacheable.js';

const ID = 'gen-1700000000-AAAAAAAAAAbbbbbbbbbb';
const wish = { ttlSeconds: 60, clear: false, coalesce: false };
const usage = {
  outcome: 'final',
  finishReason: 'stop',
  nativeFinishReason: 'end_turn',
  usage: usageOf({ source: 'reported' }),
};

const answerWith = (fields: object = {}, used: object = {}): Answer =>
  ({
    served: { candidate: { endpoint: anEndpoint({ tag: 'acme' }), model: { id: 'acme/large' } }, attempt: {} },
    ending: { kind: 'confirmed', usage: { ...usage, ...used } },
    error: null,
    delivered: true,
    cancelled: false,
    failedMs: 0,
    ...fields,
  }) as unknown as Answer;
const madeOf = (answer: Answer, generation: object = {}, tape = new AnswerTape(10)) => {
  tape.push(Buffer.from('Hello'));
  return cacheableAnswer({ id: ID, steps: null, ...generation } as Generation, answer, { tape, wish });
};

describe('an answer that may be given again', () => {
  it('is one that came whole', () => {
    expect(madeOf(answerWith())).toEqual([
      expect.objectContaining({
        sourceId: ID,
        model: 'acme/large',
        finishReason: 'stop',
        nativeFinishReason: 'end_turn',
        ttlSeconds: 60,
        headers: {},
        body: Buffer.from('Hello'),
      }),
    ]);
    expect(madeOf(answerWith({}, { finishReason: 'length' }))).toHaveLength(1);
    expect(madeOf(answerWith({}, { finishReason: null }), { job: 'embeddings' })).toHaveLength(1);
    expect(madeOf(answerWith(), { steps: {} })).toHaveLength(1);
  });

  it.each([
    ['that nobody gave', answerWith({ served: null })],
    ['that ended with an error', answerWith({ error: new GatewayError('upstream_disconnected') })],
    ['whose client left', answerWith({ cancelled: true })],
    ['that did not go out', answerWith({ delivered: false })],
    ['whose worker was lost', answerWith({ ending: { kind: 'witnessed', usage } })],
    ['whose use nobody knows', answerWith({ ending: { kind: 'unknown' } })],
    ['that the house pays', answerWith({}, { outcome: 'insured' })],
    ['that is an estimate', answerWith({}, { outcome: 'estimate' })],
    ['without an end', answerWith({}, { finishReason: null })],
    ['that the model broke off', answerWith({}, { finishReason: 'error' })],
  ])('is none %s', (_, answer) => expect(madeOf(answer)).toEqual([]));

  it('is none where the credit ended, or where the tape did', () => {
    expect(madeOf(answerWith({}, { finishReason: 'length' }), { steps: {} })).toEqual([]);
    expect(madeOf(answerWith(), {}, new AnswerTape(4))).toEqual([]);
  });
});
