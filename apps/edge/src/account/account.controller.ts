import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { formatUsd, usdNumber } from '@switchyard/contracts';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { Access, apiPaths } from '../http/access.js';
import { AccountService } from './account.service.js';
import { DepositBody, parseInput } from './key-bodies.js';
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

  /** Money in. The same `external_id` again moves nothing and answers the same deposit with `created: false`. */
  @Post('deposits')
  @HttpCode(201)
  @Access('management')
  async deposit(@CurrentCaller() caller: Caller, @Body() body: unknown) {
    const deposit = await this.account.deposit(caller, parseInput(DepositBody, body));
    return {
      data: {
        id: deposit.depositId,
        created: deposit.created,
        amount: formatUsd(deposit.amountNanos),
        available: formatUsd(deposit.availableNanos),
        created_at: deposit.createdAt,
      },
    };
  }
}
