import { readConfig } from '@switchyard/chassis';
import { z } from 'zod';
import { paymentOptions, paymentSettings, refuseHalfPayments } from './payment-settings.js';

const schema = z.object(paymentSettings).superRefine(refuseHalfPayments);
const STRIPE = {
  STRIPE_SECRET_KEY: 'sk_test_0123456789abcdef',
  STRIPE_WEBHOOK_SECRET: 'whsec_0123456789abcdef',
  STRIPE_SUCCESS_URL: 'https://shop.example/thanks',
};
const problemsOf = (env: Record<string, string>) => readConfig(schema, env).problems;

describe('the settings of payments', () => {
  it('are off, and without a fee, when nothing is said', () => {
    const { config, problems } = readConfig(schema, {});
    expect(problems).toEqual([]);
    expect(paymentOptions(schema.parse(config))).toEqual({ fee: { ppm: 0n, minNanos: 0n }, stripe: null });
  });

  it('switch Stripe on when they are complete', () => {
    const { config } = readConfig(schema, { ...STRIPE, DEPOSIT_FEE_PPM: '55000', DEPOSIT_FEE_MIN_NANOS: '800000000' });
    expect(paymentOptions(config as z.output<typeof schema>)).toMatchObject({
      fee: { ppm: 55_000n, minNanos: 800_000_000n },
      stripe: { webhookSecret: STRIPE.STRIPE_WEBHOOK_SECRET, apiBase: 'https://api.stripe.com', cancelUrl: null },
    });
  });

  it.each(['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_SUCCESS_URL'] as const)(
    'keep the ledger from starting without %s, absent or empty',
    (name) => {
      for (const missing of [
        { ...STRIPE, [name]: '' },
        Object.fromEntries(Object.entries(STRIPE).filter(([key]) => key !== name)),
      ])
        expect(problemsOf(missing)).toEqual([expect.stringMatching(new RegExp(`^${name}: is missing`))]);
    },
  );

  it.each([
    ['STRIPE_WEBHOOK_SECRET', 'whsec_'],
    ['STRIPE_WEBHOOK_SECRET', '                              '],
    ['STRIPE_WEBHOOK_SECRET', 'changeme'],
    ['STRIPE_SECRET_KEY', 'pk_live_0123456789abcdef'],
    ['STRIPE_API_BASE', 'http://api.stripe.com'],
    ['STRIPE_API_BASE', 'http://127.0.0.1.evil.example'],
    ['STRIPE_SUCCESS_URL', 'javascript:alert(1)'],
    ['DEPOSIT_FEE_PPM', '-1'],
    ['DEPOSIT_FEE_PPM', '1000000'],
    ['DEPOSIT_FEE_MIN_NANOS', '1.5'],
  ])('refuse %s=%j without repeating it', (name, value) => {
    const problems = problemsOf({ ...STRIPE, [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${name}: `);
    expect(problems[0]).not.toContain(value.trim() === '' ? '    ' : `"${value}"`);
  });
});
