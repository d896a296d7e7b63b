import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { GetGeneration, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { GenerationsService } from './generations.service.js';

@Controller()
export class GenerationsController {
  constructor(private readonly generations: GenerationsService) {}

  @Serves(GetGeneration)
  find(@Request(GetGeneration) request: RequestOf<typeof GetGeneration>): Promise<ReplyOf<typeof GetGeneration>> {
    return this.generations.find(request);
  }
}
