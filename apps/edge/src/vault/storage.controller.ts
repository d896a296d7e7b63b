import { Controller, Delete, Get } from '@nestjs/common';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { Access, apiPaths } from '../http/access.js';
import { VaultService } from './vault.service.js';

/** What the account has let be kept of its requests and answers, as numbers, and the way to be rid of all of it. */
@Controller(apiPaths('storage'))
export class StorageController {
  constructor(private readonly vault: VaultService) {}

  @Get()
  @Access('management')
  async show(@CurrentCaller() { key }: Caller) {
    this.vault.assertConfigured();
    const { kinds, limitBytes } = await this.vault.room(key.accountId);
    const of = (kind: 'answer' | 'response') => {
      const found = kinds.find((entry) => entry.kind === kind);
      return { entries: found?.entries ?? 0, bytes: found?.bytes ?? 0 };
    };
    return { data: { cached_answers: of('answer'), stored_responses: of('response'), limit_bytes: limitBytes } };
  }

  @Delete()
  @Access('management')
  async erase(@CurrentCaller() { key }: Caller) {
    this.vault.assertConfigured();
    return { data: { erased: await this.vault.erase(key.accountId) } };
  }
}
