import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { parseInput } from '../account/key-bodies.js';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { Access, apiPaths } from '../http/access.js';
import { CheckoutBody, ListDepositsQuery, NewDepositBody, RefundBody } from './payment-bodies.js';
import { checkoutView, depositView, entryView, refundView } from './payment-views.js';
import { PaymentsService } from './payments.service.js';

/** Credit that came in, and how it went out without being used. */
@Controller(apiPaths('deposits'))
export class DepositsController {
  constructor(private readonly payments: PaymentsService) {}

  @Get()
  @Access('management')
  async list(@CurrentCaller() caller: Caller, @Query() query: unknown) {
    const { entries, total } = await this.payments.list(caller, parseInput(ListDepositsQuery, query));
    return { data: entries.map(entryView), total_count: total };
  }

  /** Money in. The same `external_id` again moves nothing and answers the same deposit with `created: false`. */
  @Post()
  @HttpCode(201)
  @Access('management')
  async deposit(@CurrentCaller() caller: Caller, @Body() body: unknown) {
    return { data: depositView(await this.payments.deposit(caller, parseInput(NewDepositBody, body))) };
  }

  @Post('checkout')
  @HttpCode(201)
  @Access('management')
  async checkout(@CurrentCaller() caller: Caller, @Body() body: unknown) {
    return { data: checkoutView(await this.payments.checkout(caller, parseInput(CheckoutBody, body))) };
  }

  @Post(':id/refund')
  @HttpCode(201)
  @Access('management')
  async refund(@CurrentCaller() caller: Caller, @Param('id') id: string, @Body() body: unknown) {
    return { data: refundView(await this.payments.refund(caller, id, parseInput(RefundBody, body))) };
  }
}
