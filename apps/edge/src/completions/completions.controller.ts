import { Controller, Post, Req, Res } from '@nestjs/common';
import { dialectOf } from '@switchyard/protocols';
import { runWithRequestId, withSpan } from '@switchyard/telemetry';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../callers/caller.js';
import { EdgeConfig } from '../config.js';
import { newGenerationId } from '../generations/generation-id.js';
import { Access, MULTIMODAL_BODY_LIMIT_BYTES, apiPaths } from '../http/access.js';
import { ClientConnection } from './client-connection.js';
import { clientFactsOf } from './client-facts.js';
import { CompletionsService } from './completions.service.js';
import { holdModeOf } from './hold-mode.js';

@Controller(apiPaths('chat/completions'))
export class CompletionsController {
  constructor(
    private readonly completions: CompletionsService,
    private readonly config: EdgeConfig,
  ) {}

  @Post()
  @Access('inference', { bodyLimitBytes: MULTIMODAL_BODY_LIMIT_BYTES })
  create(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const startedMs = performance.now();
    const id = newGenerationId(Date.now());
    const client = new ClientConnection(reply, {
      generationId: id,
      keepAlive: dialectOf('openai-chat').keepAlive,
      keepAliveMs: this.config.KEEP_ALIVE_MS,
      slowClientMs: this.config.SLOW_CLIENT_MS,
    });
    const input = {
      id,
      caller: callerOf(request),
      body: request.body,
      holdMode: holdModeOf(request.headers, this.config.DEFAULT_HOLD),
      facts: clientFactsOf(request),
      startedMs,
    };
    const attributes = { 'gen_ai.operation.name': 'chat', 'switchyard.generation.id': id };
    return runWithRequestId(id, () =>
      withSpan('generation', attributes, (span) => this.completions.create({ ...input, span }, client), 'server'),
    );
  }
}
