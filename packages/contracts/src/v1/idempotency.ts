import { z } from 'zod';
import { rpc } from '../rpc.js';
import { GenerationId } from './generation.js';

/** What a client may send as `Idempotency-Key`: printable ASCII. */
export const IdempotencyKey = z.string().regex(/^[\x20-\x7e]{1,255}$/);

/**
 * What became of a claim. `claimed`: the key is the asking generation's. `in_flight` and `done`: another generation has it, and runs or
 * was answered. `mismatch`: it came with another request before.
 */
export const IdempotencyState = z.enum(['claimed', 'in_flight', 'done', 'mismatch']);
export type IdempotencyState = z.output<typeof IdempotencyState>;

/**
 * Makes a key of an API key the name of one generation, for 24 hours. Idempotent for the same generation. `generationId` of the reply is
 * the one that has the key.
 */
export const ClaimIdempotency = rpc(
  'ledger.v1.rpc.idempotency.claim',
  z.object({
    keyId: z.uuid(),
    key: IdempotencyKey,
    /** SHA-256 of the request, in hexadecimal. */
    fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
    generationId: GenerationId,
  }),
  z.object({ state: IdempotencyState, generationId: GenerationId }),
);

/** Gives a key back after a generation under which nothing was used, so that the request may be tried again. False when it has none to give. */
export const ReleaseIdempotency = rpc(
  'ledger.v1.rpc.idempotency.release',
  z.object({ keyId: z.uuid(), key: IdempotencyKey, generationId: GenerationId }),
  z.object({ released: z.boolean() }),
);
