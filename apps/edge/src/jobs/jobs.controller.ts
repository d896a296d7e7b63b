import { Controller, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access, FORM_BODY_LIMIT_BYTES, MULTIMODAL_BODY_LIMIT_BYTES, apiPaths } from '../http/access.js';
import { JobsEntrance } from './jobs-entrance.service.js';

const TakesJson = (): MethodDecorator => Access('inference', { bodyLimitBytes: MULTIMODAL_BODY_LIMIT_BYTES });
const TakesForms = (): MethodDecorator => Access('inference', { bodyLimitBytes: FORM_BODY_LIMIT_BYTES, form: true });

/** The addresses of each job: OpenRouter's, and OpenAI's where that is another. */
@Controller(apiPaths(''))
export class JobsController {
  constructor(private readonly entrance: JobsEntrance) {}

  @Post('embeddings')
  @TakesJson()
  embed(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.entrance.enter('embeddings', request, reply);
  }

  @Post('rerank')
  @TakesJson()
  rerank(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.entrance.enter('rerank', request, reply);
  }

  @Post(['images', 'images/generations'])
  @TakesJson()
  draw(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.entrance.enter('image', request, reply);
  }

  @Post('images/edits')
  @TakesForms()
  edit(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.entrance.enter('image', request, reply);
  }

  @Post('audio/speech')
  @TakesJson()
  speak(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.entrance.enter('speech', request, reply);
  }

  @Post('audio/transcriptions')
  @TakesForms()
  transcribe(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.entrance.enter('transcription', request, reply);
  }
}
