import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { Access, apiPaths } from '../http/access.js';
import { AccountService } from './account.service.js';
import { CreateKeyBody, ListKeysQuery, UpdateKeyBody, parseInput } from './key-bodies.js';
import { NOTHING_SPENT, keyView } from './key-view.js';

/** Inference keys of the account, for its management keys. `:hash` is the digest, never the secret. */
@Controller(apiPaths('keys'))
export class KeysController {
  constructor(private readonly account: AccountService) {}

  @Get()
  @Access('management')
  async list(@CurrentCaller() caller: Caller, @Query() query: unknown) {
    const keys = await this.account.keys(caller, parseInput(ListKeysQuery, query));
    return { data: keys.map(({ key, spend }) => keyView(key, spend)) };
  }

  @Post()
  @HttpCode(201)
  @Access('management')
  async create(@CurrentCaller() caller: Caller, @Body() body: unknown) {
    const { key, secret } = await this.account.createKey(caller, parseInput(CreateKeyBody, body));
    return { data: keyView(key, NOTHING_SPENT), key: secret };
  }

  @Get(':hash')
  @Access('management')
  async find(@CurrentCaller() caller: Caller, @Param('hash') hash: string) {
    const { key, spend } = await this.account.key(caller, hash);
    return { data: keyView(key, spend) };
  }

  @Patch(':hash')
  @Access('management')
  async update(@CurrentCaller() caller: Caller, @Param('hash') hash: string, @Body() body: unknown) {
    const { key, spend } = await this.account.updateKey(caller, hash, parseInput(UpdateKeyBody, body));
    return { data: keyView(key, spend) };
  }

  @Delete(':hash')
  @Access('management')
  async revoke(@CurrentCaller() caller: Caller, @Param('hash') hash: string) {
    await this.account.revokeKey(caller, hash);
    return { deleted: true };
  }
}
