import { z } from 'zod';

/** Tells a receipt from other JSON that somebody may have signed. */
export const RECEIPT_TYPE = 'switchyard.receipt.v1';

const decimal = z.string().regex(/^\d+$/);

/**
 * What is signed about a generation: who asked, what served it, how much it used and what it was charged. Nothing of it follows from
 * the words of a prompt or an answer. Amounts are whole billionths of a dollar as text, because JSON numbers are not exact everywhere.
 */
export const Receipt = z.strictObject({
  type: z.literal(RECEIPT_TYPE),
  generation_id: z.string(),
  /** `hash` of the API key, its public handle; null when the key is not known any more. */
  key_hash: z.string().nullable(),
  /** When the request was admitted, and when this was signed; ISO 8601, UTC. */
  created_at: z.iso.datetime(),
  issued_at: z.iso.datetime(),
  requested_model: z.string(),
  /** What served it; null when nothing did. */
  model: z.string().nullable(),
  provider: z.string().nullable(),
  endpoint_id: z.string().nullable(),
  status: z.int(),
  /** Tokens and other units by bucket, disjoint; null while nothing is booked. */
  usage: z.record(z.string(), z.int().nonnegative()).nullable(),
  /** `reported` by the provider, or `estimated`; null while nothing is booked. */
  usage_source: z.string().nullable(),
  /** `final`, `estimate` (may still be corrected), `insured` or `void`; null while nothing is booked. */
  usage_outcome: z.string().nullable(),
  service_tier: z.string().nullable(),
  price_version: z.string().nullable(),
  currency: z.literal('USD'),
  /** By the price list, and what the customer was charged; null while nothing is booked. */
  cost_nanos: decimal.nullable(),
  charged_nanos: decimal.nullable(),
});
export type Receipt = z.output<typeof Receipt>;

/** A receipt with its signature: Ed25519 over the canonical JSON (RFC 8785) of `receipt`, in base64url. */
export const SignedReceipt = z.strictObject({
  receipt: Receipt,
  signature: z.strictObject({ alg: z.literal('EdDSA'), kid: z.string().min(1).max(128), value: z.string().max(128) }),
});
export type SignedReceipt = z.output<typeof SignedReceipt>;
