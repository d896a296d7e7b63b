/** Objects of Stripe's API with the fields that matter here: https://docs.stripe.com/api. */
export interface StripeObject {
  readonly id: string;
  readonly object: string;
  readonly status?: string;
  readonly [field: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type Form = Readonly<Record<string, string>>;

/** `metadata[account_id]=…` as an object. */
export function metadataOf(form: Form, prefix = 'metadata'): Record<string, string> {
  const pattern = new RegExp(`^${prefix.replaceAll(/[[\]]/g, '\\$&')}\\[(\\w+)\\]$`);
  return Object.fromEntries(
    Object.entries(form).flatMap(([name, value]) => {
      const key = pattern.exec(name)?.[1];
      return key === undefined ? [] : [[key, value]];
    }),
  );
}

export const sessionOf = (id: string, form: Form): Answer => ({
  status: 200,
  body: {
    id,
    object: 'checkout.session',
    url: `https://checkout.stripe.com/c/pay/${id}`,
    expires_at: Number(form['expires_at'] ?? Math.floor(Date.now() / 1_000) + 86_400),
    amount_total: Number(form['line_items[0][price_data][unit_amount]']),
    currency: form['line_items[0][price_data][currency]'],
    payment_status: 'unpaid',
    payment_intent: null,
    customer: form['customer'] ?? null,
    metadata: metadataOf(form),
  },
});

export function refundOf(id: string, form: Form): Answer {
  if (form['payment_intent']?.endsWith('refunded'))
    return {
      status: 400,
      body: { error: { type: 'invalid_request_error', code: 'charge_already_refunded', message: 'refunded' } },
    };
  const status = form['payment_intent']?.endsWith('slow') ? 'pending' : 'succeeded';
  return {
    status: 200,
    body: { id, object: 'refund', status, amount: Number(form['amount']), payment_intent: form['payment_intent'] },
  };
}

/** `pm_fine` pays, `pm_slow` will pay later, `pm_declined` and `pm_authenticate` do not. */
export function intentOf(id: string, form: Form): Answer {
  const method = form['payment_method'] ?? '';
  const refusal = { pm_declined: 'insufficient_funds', pm_authenticate: 'authentication_required' }[method];
  if (refusal !== undefined)
    return {
      status: 402,
      body: { error: { type: 'card_error', code: 'card_declined', decline_code: refusal, message: 'declined' } },
    };
  const amount = Number(form['amount']);
  const isSlow = method === 'pm_slow';
  return {
    status: 200,
    body: {
      id,
      object: 'payment_intent',
      status: isSlow ? 'processing' : 'succeeded',
      amount,
      amount_received: isSlow ? 0 : amount,
      currency: form['currency'],
      customer: form['customer'] ?? null,
      payment_method: method,
      metadata: metadataOf(form),
      last_payment_error: null,
    },
  };
}
