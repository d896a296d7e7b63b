import { Body, Controller, Delete, Get, HttpCode, Post, Put } from '@nestjs/common';
import { parseInput } from '../account/key-bodies.js';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { Access, apiPaths } from '../http/access.js';
import { AutoTopUpBody, PromoBody } from './payment-bodies.js';
import { autoTopUpView, promoView } from './payment-views.js';
import { PaymentsService } from './payments.service.js';

/** How credit comes in without anybody paying at that moment. */
@Controller(apiPaths('credits'))
export class TopUpController {
  constructor(private readonly payments: PaymentsService) {}

  @Post('promotional')
  @HttpCode(201)
  @Access('operator')
  async promo(@CurrentCaller() caller: Caller, @Body() body: unknown) {
    return { data: promoView(await this.payments.promo(caller, parseInput(PromoBody, body))) };
  }

  @Get('auto-top-up')
  @Access('management')
  async find(@CurrentCaller() caller: Caller) {
    const { autoTopUp, paymentMethodSaved } = await this.payments.autoTopUp(caller);
    return { data: autoTopUpView(autoTopUp, paymentMethodSaved) };
  }

  @Put('auto-top-up')
  @Access('management')
  async set(@CurrentCaller() caller: Caller, @Body() body: unknown) {
    const { autoTopUp, paymentMethodSaved } = await this.payments.setAutoTopUp(caller, parseInput(AutoTopUpBody, body));
    return { data: autoTopUpView(autoTopUp, paymentMethodSaved) };
  }

  @Delete('auto-top-up')
  @Access('management')
  async remove(@CurrentCaller() caller: Caller) {
    const { deleted } = await this.payments.deleteAutoTopUp(caller);
    return { deleted };
  }
}
