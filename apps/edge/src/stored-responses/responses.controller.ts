import { Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { Access, apiPaths } from '../http/access.js';
import { inputItemsPage, invalid } from './conversation.js';
import type { Json } from './conversation.js';
import { StoredResponses } from './stored-responses.service.js';

const Reads = (): MethodDecorator => Access('inference', { dialect: 'openai-responses' });

/** Responses that were stored, for the keys of their account. Any key may read and delete, also one that stores nothing itself. */
@Controller(apiPaths('responses/:id'))
export class ResponsesController {
  constructor(private readonly responses: StoredResponses) {}

  @Get()
  @Reads()
  async find(@CurrentCaller() { key }: Caller, @Param('id') id: string, @Query() query: Json): Promise<Json> {
    if (query['stream'] === 'true') throw invalid('stream', 'a stored response is answered in one piece');
    return (await this.responses.find(key, id)).response;
  }

  @Get('input_items')
  @Reads()
  async inputItems(@CurrentCaller() { key }: Caller, @Param('id') id: string, @Query() query: Json): Promise<Json> {
    return inputItemsPage(id, await this.responses.find(key, id), query);
  }

  @Delete()
  @Reads()
  async remove(@CurrentCaller() { key }: Caller, @Param('id') id: string): Promise<Json> {
    await this.responses.remove(key, id);
    return { id, object: 'response', deleted: true };
  }

  @Post('cancel')
  @Reads()
  async cancel(@CurrentCaller() { key }: Caller, @Param('id') id: string): Promise<never> {
    await this.responses.find(key, id);
    throw new GatewayError('invalid_request', { message: 'Only responses in the background can be cancelled.' });
  }
}
