import { Injectable } from '@nestjs/common';
import type { CompletionRequest, DialectId, JobId } from '@switchyard/contracts';
import type { ActiveSpan } from '@switchyard/telemetry';
import type { Caller } from '../callers/caller.js';
import { answerAttributes } from '../completions/answer-attributes.js';
import { ClientGone } from '../completions/client-connection.js';
import type { ClientConnection } from '../completions/client-connection.js';
import type { ClientFacts, Generation } from '../completions/generation.js';
import { NOTHING } from '../completions/settlement.js';
import { GenerationsService } from '../generations/generations.service.js';
import type { Claim } from '../idempotency/claim.js';
import type { CachedAnswer } from './cached-answer.js';
import { replayed } from './replay.js';

/** A request that is answered from the cache. */
export interface Repeated {
  readonly id: string;
  readonly caller: Caller;
  readonly dialect: DialectId;
  readonly job?: JobId;
  readonly request: CompletionRequest;
  readonly facts: ClientFacts;
  readonly claim: Claim | null;
  readonly startedMs: number;
  readonly span: ActiveSpan;
}

const OK = 200;
const WRITE_BYTES = 64 * 1024;

/** Gives an answer again. It is a generation of its own, with a record, that used nothing and costs nothing. */
@Injectable()
export class CacheReplay {
  constructor(private readonly generations: GenerationsService) {}

  async give(repeated: Repeated, cached: CachedAnswer, client: ClientConnection): Promise<void> {
    const answeredAtMs = Date.now();
    const { id, request } = repeated;
    const as = { sourceId: cached.sourceId, id, createdS: Math.floor(answeredAtMs / 1_000) };
    const body = replayed(cached.body, request.stream, as);
    const arrived = request.stream ? await streamed(body, client) : whole(body, cached.contentType, client);
    repeated.claim?.keep();
    const answer = {
      served: null,
      ending: NOTHING,
      error: null,
      delivered: true,
      cancelled: !arrived,
      failedMs: 0,
      cached,
    };
    repeated.span.setAttributes(answerAttributes(answer));
    this.generations.finished(generationOf(repeated, answeredAtMs), answer, client.firstByteAtMs);
  }
}

function whole(body: Buffer, contentType: string, client: ClientConnection): boolean {
  const { aborted } = client.signal;
  if (!aborted) client.send(OK, contentType, body);
  return !aborted;
}

/** False when the client left, or did not read. */
async function streamed(body: Buffer, client: ClientConnection): Promise<boolean> {
  try {
    for (let start = 0; start < body.byteLength; start += WRITE_BYTES)
      await client.write(body.subarray(start, start + WRITE_BYTES));
    client.end();
    return true;
  } catch (error) {
    if (!(error instanceof ClientGone)) throw error;
    client.cut();
    return false;
  } finally {
    client.release();
  }
}

/** Nobody was asked, so nobody was looked at, and nothing was set aside. */
const generationOf = ({ facts, request, ...repeated }: Repeated, admittedAtMs: number): Generation => ({
  ...repeated,
  request,
  body: Buffer.alloc(0),
  client: { ...facts, sessionId: request.sessionId ?? facts.sessionId },
  clientHeaders: {},
  candidates: [],
  verdicts: [],
  hold: { boundNanos: 0n },
  steps: null,
  promptBytes: 0,
  admittedAtMs,
  attempts: [],
});
