import type { GenerationRecord } from '@switchyard/contracts';
import { hashedUser } from '@switchyard/protocols';
import type { Answer } from '../completions/answer.js';
import { usageOfAnswer } from '../completions/answer.js';
import type { Generation } from '../completions/generation.js';

export interface Moments {
  /** Monotonic clock: the first byte of the answer for the client; null without one. */
  readonly firstByteAtMs: number | null;
  readonly finishedAtMs: number;
}

const HTTP_OK = 200;

/**
 * Everything about a finished generation but its text. Who the end user is that `user` names, often by an address of mail, is not
 * ours to keep: the record has the digest that providers get, so that the operator of the application can still find it.
 */
export function generationRecord(generation: Generation, answer: Answer, moments: Moments): GenerationRecord {
  const { caller, request, client } = generation;
  const usage = usageOfAnswer(answer);
  const endpoint = answer.served?.candidate.endpoint ?? null;
  const { cached } = answer;
  return {
    id: generation.id,
    accountId: caller.key.accountId,
    workspaceId: caller.key.workspaceId,
    keyId: caller.key.id,
    createdAt: new Date(generation.admittedAtMs).toISOString(),
    requestedModel: request.models[0] ?? '',
    model: answer.served?.candidate.model.id ?? cached?.model ?? null,
    provider: endpoint?.provider ?? cached?.provider ?? null,
    providerName: endpoint?.providerName ?? cached?.providerName ?? null,
    endpointId: endpoint?.id ?? cached?.endpointId ?? null,
    dialect: generation.job ?? generation.dialect,
    streamed: request.stream,
    cancelled: answer.cancelled,
    status: statusOf(answer, moments),
    errorCode: answer.error?.code ?? null,
    finishReason: answer.error ? 'error' : (usage?.finishReason ?? cached?.finishReason ?? null),
    nativeFinishReason: usage?.nativeFinishReason ?? cached?.nativeFinishReason ?? null,
    upstreamId: usage?.upstreamId ?? null,
    attempts: [...generation.attempts],
    candidates: [...generation.verdicts],
    boundNanos: generation.hold.boundNanos,
    priceVersion: (usage?.price ?? endpoint?.price)?.version ?? null,
    latencyMs: moments.firstByteAtMs === null ? null : rounded(moments.firstByteAtMs - generation.startedMs),
    generationMs: rounded(moments.finishedAtMs - generation.startedMs),
    overheadMs: overheadMs(generation, answer, moments),
    httpReferer: client.httpReferer,
    appTitle: client.appTitle,
    userAgent: client.userAgent,
    sessionId: client.sessionId,
    externalUser: caller.key.externalUser ?? (request.user === undefined ? null : hashedUser(request.user)),
    ...(cached && { responseCacheSourceId: cached.sourceId }),
  };
}

/**
 * Time of the gateway itself: to the first byte for the client, without the failed attempts and without what the provider took
 * to its first token (of a stream) or for its whole answer. Null when either is not known.
 */
export function overheadMs(generation: Generation, answer: Answer, { firstByteAtMs }: Moments): number | null {
  const usage = usageOfAnswer(answer);
  const upstreamMs = generation.request.stream ? usage?.firstTokenMs : usage?.totalMs;
  if (firstByteAtMs === null || upstreamMs === null || upstreamMs === undefined) return null;
  return Math.max(0, rounded(firstByteAtMs - generation.startedMs - upstreamMs - answer.failedMs));
}

/** Errors after the first byte travel with the status that was sent already. */
function statusOf({ error, delivered }: Answer, { firstByteAtMs }: Moments): number {
  if (!error) return HTTP_OK;
  const streamed = delivered && firstByteAtMs !== null;
  return streamed ? HTTP_OK : error.definition.status;
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
