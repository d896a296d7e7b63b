import { Controller, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access, MULTIMODAL_BODY_LIMIT_BYTES, apiPaths } from '../http/access.js';
import { JobsEntrance } from './jobs-entrance.service.js';

/** One address for each job. */
@Controller(apiPaths(''))
export class JobsController {
  constructor(private readonly entrance: JobsEntrance) {}

  @Post('embeddings')
  @Access('inference', { bodyLimitBytes: MULTIMODAL_BODY_LIMIT_BYTES })
  embed(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.entrance.enter('embeddings', request, reply);
  }

  @Post('rerank')
  @Access('inference', { bodyLimitBytes: MULTIMODAL_BODY_LIMIT_BYTES })
  rerank(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.entrance.enter('rerank', request, reply);
  }
}
