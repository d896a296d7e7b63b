import { z } from 'zod';
import type { Fee } from './payments.repository.js';

const MOST_PPM = 500_000n;
const MOST_FEE_NANOS = 1_000_000_000_000n;

const isLoopback = ({ hostname }: URL): boolean => ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);

/** The settings of payments; all of Stripe's or none. */
export const paymentSettings = {
  /** The share of a purchase that the house keeps, in millionths: 55000 is 5.5 %. */
  DEPOSIT_FEE_PPM: z.coerce.bigint().min(0n).max(MOST_PPM).default(0n),
  /** The least fee of a purchase, in nano-USD. */
  DEPOSIT_FEE_MIN_NANOS: z.coerce.bigint().min(0n).max(MOST_FEE_NANOS).default(0n),
  /** Switches payments on. */
  STRIPE_SECRET_KEY: z
    .string()
    .regex(/^(sk|rk)_(test|live)_[A-Za-z0-9]{10,}$/, 'is not a secret key of Stripe')
    .describe('sk_live_…, sk_test_… or a restricted key rk_…')
    .optional(),
  /** What Stripe signs its messages with. Without it anybody could write them, so payments do not start without it. */
  STRIPE_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/=_-]{16,}$/, 'is not the signing secret of a webhook')
    .describe('whsec_…, the signing secret of the webhook endpoint: payments are not switched on without it')
    .optional(),
  /** Where Stripe is, for tests. Without TLS only on this machine, because the secret key travels there. */
  STRIPE_API_BASE: z
    .url({ protocol: /^https?$/ })
    .refine((url) => url.startsWith('https:') || isLoopback(new URL(url)), 'must be https, except on this machine')
    .default('https://api.stripe.com'),
  /** Where a payer comes back to. */
  STRIPE_SUCCESS_URL: z
    .url({ protocol: /^https?$/ })
    .describe('the page that a payer sees after paying')
    .optional(),
  STRIPE_CANCEL_URL: z
    .url({ protocol: /^https?$/ })
    .describe('the page that a payer sees who did not pay')
    .optional(),
};

type Settings = z.output<z.ZodObject<typeof paymentSettings>>;

export interface StripeOptions {
  readonly secretKey: string;
  readonly webhookSecret: string;
  readonly apiBase: string;
  readonly successUrl: string;
  readonly cancelUrl: string | null;
}

export interface PaymentOptions {
  readonly fee: Fee;
  /** Null: no payment provider is switched on. */
  readonly stripe: StripeOptions | null;
}

/** Payments that are half switched on keep the ledger from starting: a forgotten signing secret would let everybody make money. */
export function refuseHalfPayments(settings: Settings, context: z.core.$RefinementCtx): void {
  const needed = ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_SUCCESS_URL'] as const;
  if (needed.slice(0, 2).every((name) => settings[name] === undefined)) return;
  for (const name of needed)
    if (settings[name] === undefined)
      context.addIssue({ code: 'custom', path: [name], message: 'is needed for payments', input: undefined });
}

/** The same settings as the rest of the ledger reads them; see {@link refuseHalfPayments} for what cannot happen here. */
export function paymentOptions(settings: Settings): PaymentOptions {
  const {
    STRIPE_SECRET_KEY: secretKey,
    STRIPE_WEBHOOK_SECRET: webhookSecret,
    STRIPE_SUCCESS_URL: successUrl,
  } = settings;
  const enabled = secretKey !== undefined && webhookSecret !== undefined && successUrl !== undefined;
  return {
    fee: { ppm: settings.DEPOSIT_FEE_PPM, minNanos: settings.DEPOSIT_FEE_MIN_NANOS },
    stripe: enabled
      ? {
          secretKey,
          webhookSecret,
          successUrl,
          apiBase: settings.STRIPE_API_BASE,
          cancelUrl: settings.STRIPE_CANCEL_URL ?? null,
        }
      : null,
  };
}
