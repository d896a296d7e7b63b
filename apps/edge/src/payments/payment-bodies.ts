import { isStorable, StatementKind } from '@switchyard/contracts';
import { z } from 'zod';
import { DepositBody, usdAmount } from '../account/key-bodies.js';

const text = (most: number) => z.string().max(most).refine(isStorable, 'has characters that cannot be stored');
const positiveUsd = usdAmount.refine((nanos) => nanos > 0n, 'must be more than 0');
const externalId = text(200).min(1);
const note = text(500).nullish();
/** Another account than the caller's: for the operator alone. */
const accountId = z.uuid().optional();

/** Body of `POST /deposits`. */
export const NewDepositBody = DepositBody.extend({ account_id: accountId });

/** Body of `POST /deposits/checkout`. */
export const CheckoutBody = z.object({
  amount: positiveUsd,
  save_payment_method: z.boolean().default(false),
  external_id: externalId.optional(),
});

/** Body of `POST /deposits/{id}/refund`. Without an amount all that can be refunded. */
export const RefundBody = z.object({
  amount: positiveUsd.optional(),
  external_id: externalId,
  note,
  account_id: accountId,
});

/** Body of `POST /credits/promotional`. */
export const PromoBody = z.object({
  amount: positiveUsd,
  expires_at: z.iso.datetime({ message: 'must be an ISO 8601 time in UTC' }),
  external_id: externalId,
  note,
  account_id: accountId,
});

/** Body of `PUT /credits/auto-top-up`. */
export const AutoTopUpBody = z.object({ threshold: usdAmount, amount: positiveUsd });

/** Query of `GET /deposits`; `kind` may be a list with commas. */
export const ListDepositsQuery = z.object({
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(100),
  kind: z
    .string()
    .max(100)
    .default('')
    .transform((kinds) => kinds.split(',').filter((kind) => kind !== ''))
    .pipe(z.array(StatementKind)),
  account_id: accountId,
});

/** Query of `GET /payments/events`. */
export const PaymentEventsQuery = z.object({
  filter: z.enum(['all', 'unbooked']).default('all'),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(100),
});
