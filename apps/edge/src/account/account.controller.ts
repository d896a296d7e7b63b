import { Controller, Get } from '@nestjs/common';
import { usdNumber } from '@switchyard/contracts';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { Access, apiPaths } from '../http/access.js';
import { AccountService } from './account.service.js';
import { currentKeyView } from './key-view.js';

/** What a key can ask about itself. */
@Controller(apiPaths('key', 'auth/key'))
export class CurrentKeyController {
  constructor(private readonly account: AccountService) {}

  @Get()
  @Access('key')
  async current(@CurrentCaller() { key }: Caller) {
    return { data: currentKeyView(key, await this.account.usageOf(key)) };
  }
}

@Controller(apiPaths(''))
export class CreditsController {
  constructor(private readonly account: AccountService) {}

  @Get('credits')
  @Access('management')
  async credits(@CurrentCaller() caller: Caller) {
    const { depositedNanos, spentNanos } = await this.account.balance(caller);
    return { data: { total_credits: usdNumber(depositedNanos), total_usage: usdNumber(spentNanos) } };
  }
}
