import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { callerOf } from '../callers/caller.js';
import { clientFactsOf } from '../completions/client-facts.js';
import { holdModeOf } from '../completions/hold-mode.js';
import { isStrict } from '../completions/strict.js';
import { EdgeConfig } from '../config.js';
import { Access, MULTIMODAL_BODY_LIMIT_BYTES, apiPaths } from '../http/access.js';
import { Explain } from './explain.service.js';

/** A dry run: what would become of a chat completion, asked with its own body, key and headers. */
@Controller(apiPaths('route/explain'))
export class ExplainController {
  constructor(
    private readonly explain: Explain,
    private readonly config: EdgeConfig,
  ) {}

  @Post()
  @HttpCode(200)
  @Access('inference', { bodyLimitBytes: MULTIMODAL_BODY_LIMIT_BYTES })
  async run(@Req() request: FastifyRequest): Promise<{ data: Record<string, unknown> }> {
    const data = await this.explain.explain({
      caller: callerOf(request),
      body: request.body,
      holdMode: holdModeOf(request.headers, this.config.DEFAULT_HOLD),
      strict: isStrict(request.headers),
      sessionId: clientFactsOf(request).sessionId,
    });
    return { data };
  }
}
