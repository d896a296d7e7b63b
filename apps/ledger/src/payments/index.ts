import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { DepositsController } from '../deposits/deposits.controller.js';
import { DepositsRepository } from '../deposits/deposits.repository.js';
import { DepositsService } from '../deposits/deposits.service.js';
import { PromosRepository } from '../deposits/promos.repository.js';
import { PromosService } from '../deposits/promos.service.js';
import { RefundsRepository } from '../deposits/refunds.repository.js';
import { RefundsService } from '../deposits/refunds.service.js';
import { LedgerEventsRelay } from '../outbox/ledger-events.relay.js';
import { OutboxRepository } from '../outbox/outbox.repository.js';
import { AutoTopUpRepository } from './auto-top-up.repository.js';
import { AutoTopUpService } from './auto-top-up.service.js';
import { CheckoutService } from './checkout.service.js';
import { NoPaymentProvider, PaymentProvider } from './payment-provider.js';
import { PaymentSweeper } from './payment-sweeper.js';
import { PaymentsController } from './payments.controller.js';
import { PaymentsRepository } from './payments.repository.js';
import { PaymentsService } from './payments.service.js';

/** Credit in and out of accounts, as the ledger's module takes it. */
export const PAYMENT_CONTROLLERS = [DepositsController, PaymentsController];
export const PAYMENT_PROVIDERS = [
  AutoTopUpRepository,
  AutoTopUpService,
  CheckoutService,
  DepositsRepository,
  DepositsService,
  LedgerEventsRelay,
  OutboxRepository,
  PaymentSweeper,
  PaymentsRepository,
  PaymentsService,
  PromosRepository,
  PromosService,
  RefundsRepository,
  RefundsService,
  {
    provide: PaymentProvider,
    // Its library is large, and most installations sell nothing.
    useFactory: async ({ payments }: LedgerOptions): Promise<PaymentProvider> => {
      if (payments.stripe === null) return new NoPaymentProvider();
      const { StripeService } = await import('./stripe.service.js');
      return new StripeService(payments.stripe);
    },
    inject: [LEDGER_OPTIONS],
  },
];
