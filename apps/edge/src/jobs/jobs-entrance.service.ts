import { Injectable } from '@nestjs/common';
import { operationOf } from '@switchyard/contracts';
import type { JobId } from '@switchyard/contracts';
import type { JobBody } from '@switchyard/protocols';
import { runWithRequestId, withSpan } from '@switchyard/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../callers/caller.js';
import { ClientConnection } from '../completions/client-connection.js';
import { clientFactsOf } from '../completions/client-facts.js';
import { Medium } from '../completions/framing.js';
import { EdgeConfig } from '../config.js';
import { cacheWishOf } from '../response-cache/cache-wish.js';
import { newGenerationId } from '../generations/generation-id.js';
import { MultipartBody } from '../http/multipart-body.js';
import { claimOf } from '../idempotency/claim.js';
import { JobsService } from './jobs.service.js';

/** Of the jobs OpenRouter caches these alone (spec 3.10). */
const CACHED_JOBS: ReadonlySet<JobId> = new Set(['embeddings']);

/** Where jobs become generations: with an id, a span and a connection for the answer. */
@Injectable()
export class JobsEntrance {
  constructor(
    private readonly jobs: JobsService,
    private readonly config: EdgeConfig,
  ) {}

  /** @throws GatewayError as long as nothing was sent. */
  async enter(job: JobId, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const startedMs = performance.now();
    const id = newGenerationId(Date.now());
    const client = new ClientConnection(reply, {
      generationId: id,
      framing: new Medium(),
      keepAliveMs: this.config.KEEP_ALIVE_MS,
      slowClientMs: this.config.SLOW_CLIENT_MS,
    });
    const caller = callerOf(request);
    const input = {
      id,
      job,
      caller,
      cache: CACHED_JOBS.has(job) ? cacheWishOf(request.headers, caller.key) : null,
      body: bodyOf(request.body),
      facts: clientFactsOf(request),
      claim: claimOf(request, id),
      startedMs,
    };
    const attributes = {
      'gen_ai.operation.name': operationOf(job),
      'switchyard.job': job,
      'switchyard.generation.id': id,
    };
    await runWithRequestId(id, () =>
      withSpan('generation', attributes, (span) => this.jobs.create({ ...input, span }, client), 'server'),
    );
  }
}

const bodyOf = (body: unknown): JobBody => (body instanceof MultipartBody ? body : { json: body, files: [] });
