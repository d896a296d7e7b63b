import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import {
  CreateCheckout,
  DeleteAutoTopUp,
  GetAutoTopUp,
  ListPaymentEvents,
  ReceivePayment,
  SetAutoTopUp,
  type ReplyOf,
  type RequestOf,
} from '@switchyard/contracts';
import { AutoTopUpService } from './auto-top-up.service.js';
import { CheckoutService } from './checkout.service.js';
import { PaymentsService } from './payments.service.js';

@Controller()
export class PaymentsController {
  constructor(
    private readonly payments: PaymentsService,
    private readonly checkouts: CheckoutService,
    private readonly topUps: AutoTopUpService,
  ) {}

  @Serves(ReceivePayment)
  receive(@Request(ReceivePayment) request: RequestOf<typeof ReceivePayment>): Promise<ReplyOf<typeof ReceivePayment>> {
    return this.payments.receive(request);
  }

  @Serves(ListPaymentEvents)
  list(
    @Request(ListPaymentEvents) request: RequestOf<typeof ListPaymentEvents>,
  ): Promise<ReplyOf<typeof ListPaymentEvents>> {
    return this.payments.list(request);
  }

  @Serves(CreateCheckout)
  checkout(
    @Request(CreateCheckout) request: RequestOf<typeof CreateCheckout>,
  ): Promise<ReplyOf<typeof CreateCheckout>> {
    return this.checkouts.create(request);
  }

  @Serves(GetAutoTopUp)
  find(@Request(GetAutoTopUp) request: RequestOf<typeof GetAutoTopUp>): Promise<ReplyOf<typeof GetAutoTopUp>> {
    return this.topUps.find(request);
  }

  @Serves(SetAutoTopUp)
  set(@Request(SetAutoTopUp) request: RequestOf<typeof SetAutoTopUp>): Promise<ReplyOf<typeof SetAutoTopUp>> {
    return this.topUps.set(request);
  }

  @Serves(DeleteAutoTopUp)
  delete(
    @Request(DeleteAutoTopUp) request: RequestOf<typeof DeleteAutoTopUp>,
  ): Promise<ReplyOf<typeof DeleteAutoTopUp>> {
    return this.topUps.delete(request);
  }
}
