import { DepositsController } from './deposits.controller.js';
import { PaymentEventsController } from './payment-events.controller.js';
import { PaymentsService } from './payments.service.js';
import { TopUpController } from './top-up.controller.js';
import { WebhookController } from './webhook.controller.js';

/** Credit in and out, as the module of the edge takes it. */
export const PAYMENT_CONTROLLERS = [DepositsController, PaymentEventsController, TopUpController, WebhookController];
export const PAYMENT_PROVIDERS = [PaymentsService];
