import { Controller, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access, GOOGLE_PREFIXES, MULTIMODAL_BODY_LIMIT_BYTES } from '../http/access.js';
import { Entrance } from './entrance.service.js';
import { JsonArray } from './framing.js';
import { geminiCallOf } from './gemini-call.js';
import { TokenCounts } from './token-counts.service.js';

/** Google's addresses, which name the model and what is wanted of it: `/v1/models/openai/gpt-5:generateContent`. */
@Controller(GOOGLE_PREFIXES.map((prefix) => `${prefix}/models`))
export class GeminiController {
  constructor(
    private readonly entrance: Entrance,
    private readonly tokens: TokenCounts,
  ) {}

  @Post('*')
  @HttpCode(200)
  @Access('inference', { dialect: 'gemini', bodyLimitBytes: MULTIMODAL_BODY_LIMIT_BYTES })
  call(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Param('*') path: string,
    @Query('alt') alt: unknown,
  ): Promise<void> {
    const call = geminiCallOf(path);
    if (!call) throw new GatewayError('not_found');
    const stream = call.method === 'streamGenerateContent';
    const body = { ...(request.body as object | null), model: call.model, stream };
    if (call.method === 'countTokens') return this.count(body, reply);
    const framing = stream && alt !== 'sse' ? { framing: new JsonArray() } : {};
    return this.entrance.enter({ dialect: 'gemini', body, ...framing }, request, reply);
  }

  /** A whole request of `generateContent` may stand in a field of its own. */
  private async count(body: object, reply: FastifyReply): Promise<void> {
    const whole = 'generateContentRequest' in body ? body.generateContentRequest : null;
    const counted = { ...body, ...(whole as object | null) };
    delete (counted as { generateContentRequest?: unknown }).generateContentRequest;
    const { inputTokens } = this.tokens.count('gemini', { ...counted, model: (body as { model: string }).model });
    await reply.status(200).send({ totalTokens: inputTokens });
  }
}
