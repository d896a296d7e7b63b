import { Controller, Get, Query } from '@nestjs/common';
import { parseInput } from '../account/key-bodies.js';
import { Access, apiPaths } from '../http/access.js';
import { PaymentEventsQuery } from './payment-bodies.js';
import { eventView } from './payment-views.js';
import { PaymentsService } from './payments.service.js';

/** What the payment provider told and what became of it, of all accounts: for the operator. */
@Controller(apiPaths('payments'))
export class PaymentEventsController {
  constructor(private readonly payments: PaymentsService) {}

  @Get('events')
  @Access('operator')
  async events(@Query() query: unknown) {
    const { events } = await this.payments.events(parseInput(PaymentEventsQuery, query));
    return { data: events.map(eventView) };
  }
}
