import { answerHeaders } from '../completions/answer-headers.js';
import type { AnswerTape } from '../completions/answer-tape.js';
import type { Answer } from '../completions/answer.js';
import type { Generation } from '../completions/generation.js';
import type { CacheWish } from './cache-wish.js';
import type { CachedAnswer } from './cached-answer.js';

export interface Recording {
  readonly tape: AnswerTape;
  readonly wish: CacheWish;
}

/** An answer that may be given again; none for all that is not whole, did not succeed, or ended for a reason of its own caller. */
export function cacheableAnswer(
  generation: Generation,
  { served, ending, error, delivered, cancelled }: Answer,
  { tape, wish }: Recording,
): readonly CachedAnswer[] {
  const body = tape.content();
  if (!served || error || cancelled || !delivered || ending.kind !== 'confirmed' || !body) return [];
  const { outcome, finishReason, nativeFinishReason } = ending.usage;
  const finished = generation.job !== undefined || (finishReason !== null && finishReason !== 'error');
  // An answer whose money was set aside in steps may have been cut where the credit ended.
  const cutByCredit = generation.steps !== null && finishReason === 'length';
  if (outcome !== 'final' || !finished || cutByCredit) return [];
  const { endpoint, model } = served.candidate;
  const answer = {
    sourceId: generation.id,
    model: model.id,
    provider: endpoint.provider,
    providerName: endpoint.providerName,
    endpointId: endpoint.id,
    finishReason,
    nativeFinishReason,
    contentType: tape.contentType,
    madeAtMs: Date.now(),
    ttlSeconds: wish.ttlSeconds,
    headers: answerHeaders(served.attempt),
    body,
  };
  return [answer];
}
