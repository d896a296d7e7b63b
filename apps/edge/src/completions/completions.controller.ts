import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { DialectId } from '@switchyard/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access, MULTIMODAL_BODY_LIMIT_BYTES, apiPaths } from '../http/access.js';
import { Entrance } from './entrance.service.js';
import { TokenCounts } from './token-counts.service.js';

const Speaks = (dialect: DialectId): MethodDecorator =>
  Access('inference', { dialect, bodyLimitBytes: MULTIMODAL_BODY_LIMIT_BYTES });

/** One address for each dialect whose clients name the model in the body. */
@Controller(apiPaths(''))
export class CompletionsController {
  constructor(
    private readonly entrance: Entrance,
    private readonly tokens: TokenCounts,
  ) {}

  @Post('chat/completions')
  @Speaks('openai-chat')
  chat(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.entrance.enter({ dialect: 'openai-chat', body: request.body }, request, reply);
  }

  @Post('completions')
  @Speaks('openai-completions')
  complete(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.entrance.enter({ dialect: 'openai-completions', body: request.body }, request, reply);
  }

  @Post('responses')
  @Speaks('openai-responses')
  respond(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.entrance.enter({ dialect: 'openai-responses', body: request.body }, request, reply);
  }

  @Post('messages')
  @Speaks('anthropic-messages')
  message(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.entrance.enter({ dialect: 'anthropic-messages', body: request.body }, request, reply);
  }

  /** Anthropic's count. `max_tokens` belongs to an answer, and there is none. */
  @Post('messages/count_tokens')
  @HttpCode(200)
  @Speaks('anthropic-messages')
  countTokens(@Body() body: object): { readonly input_tokens: number } {
    return { input_tokens: this.tokens.count('anthropic-messages', { max_tokens: 1, ...body }).inputTokens };
  }
}
