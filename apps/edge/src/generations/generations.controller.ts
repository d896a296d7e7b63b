import { Controller, Get, Query } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { Access, apiPaths } from '../http/access.js';
import { generationView } from './generation-view.js';
import { GenerationsService } from './generations.service.js';

@Controller(apiPaths('generation'))
export class GenerationsController {
  constructor(private readonly generations: GenerationsService) {}

  @Get()
  @Access('key')
  async find(@CurrentCaller() caller: Caller, @Query('id') id: unknown): Promise<{ data: Record<string, unknown> }> {
    if (typeof id !== 'string') throw new GatewayError('invalid_request', { message: 'Give one id: ?id=gen-…' });
    return { data: generationView(await this.generations.find(id, caller)) };
  }
}
