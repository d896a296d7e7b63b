import { Body, Controller, Headers, HttpCode, Post } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import { Access, apiPaths } from '../http/access.js';
import { PaymentsService } from './payments.service.js';

export const WEBHOOK_BODY_LIMIT_BYTES = 256 * 1024;
/** `t=1492774577,v1=5257a8…`, further schemes and signatures behind commas: https://docs.stripe.com/webhooks/signature */
const SIGNATURE = /^t=\d{1,12},(?=.*\bv1=[0-9a-f]{64})[\w=,]{1,1000}$/;

/** Where the payment provider tells what was paid. Anybody can call it: what counts is the signature, which the ledger checks. */
@Controller(apiPaths('webhooks'))
export class WebhookController {
  constructor(private readonly payments: PaymentsService) {}

  @Post('stripe')
  @HttpCode(200)
  @Access('public', { bodyLimitBytes: WEBHOOK_BODY_LIMIT_BYTES, rawBody: true })
  async stripe(@Headers('stripe-signature') signature: string | undefined, @Body() body: unknown) {
    // What cannot be signed is not worth a question.
    if (!Buffer.isBuffer(body) || signature === undefined || !SIGNATURE.test(signature))
      throw new GatewayError('invalid_request', { message: 'The message is not signed.' });
    await this.payments.receive(body, signature);
    return { received: true };
  }
}
