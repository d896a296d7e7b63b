import { z } from 'zod';
import { rpc } from '../rpc.js';

/**
 * What the vault keeps: `answer`s of the response cache, and `response`s with their conversation (OpenAI's `store`). The vault sees
 * neither: an entry is sealed by the edge that brings it, under a key that the vault does not have.
 */
export const VAULT_KINDS = ['answer', 'response'] as const;
export const VaultKind = z.enum(VAULT_KINDS);
export type VaultKind = z.output<typeof VaultKind>;

/** Where an entry lies, within its account and kind: a keyed digest in hexadecimal, which tells nothing about what it stands for. */
export const VaultAddress = z.string().regex(/^[0-9a-f]{64}$/);

/** An entry travels and lies in parts that a message of the broker can hold, as base64. */
export const MAX_VAULT_PART_BYTES = 512 * 1024;
export const MAX_VAULT_PARTS = 32;

const place = { accountId: z.uuid(), kind: VaultKind, address: VaultAddress };

/**
 * Brings one part of an entry. With its last one the entry can be read, in place of the one that was at its address before. Idempotent
 * for the same entry id. `refused`: it is larger than all the room of its account.
 */
export const PutVaultPart = rpc(
  'vault.v1.rpc.part.put',
  z.object({
    ...place,
    /** The API key that it belongs to; null for what all keys of the account may read. */
    keyId: z.uuid().nullable(),
    /** Of this writing; parts of two writings are never mixed. */
    entryId: z.uuid(),
    number: z
      .int()
      .min(0)
      .max(MAX_VAULT_PARTS - 1),
    parts: z.int().min(1).max(MAX_VAULT_PARTS),
    bytes: z.base64().max(Math.ceil(MAX_VAULT_PART_BYTES / 3) * 4),
    ttlSeconds: z
      .int()
      .min(1)
      .max(400 * 86_400),
  }),
  z.object({ state: z.enum(['partial', 'kept', 'refused']) }),
);

/** One part of the entry at an address; null when there is none, or when `entryId` names one that is no longer there. */
export const GetVaultPart = rpc(
  'vault.v1.rpc.part.get',
  z.object({
    ...place,
    entryId: z.uuid().nullable().default(null),
    number: z
      .int()
      .min(0)
      .max(MAX_VAULT_PARTS - 1)
      .default(0),
  }),
  z.object({
    part: z.object({ entryId: z.uuid(), parts: z.int().min(1).max(MAX_VAULT_PARTS), bytes: z.base64() }).nullable(),
  }),
);

/** Erases entries of an account: all, or those of a kind, of an API key, at an address. */
export const EraseVault = rpc(
  'vault.v1.rpc.entry.erase',
  z.object({
    accountId: z.uuid(),
    kind: VaultKind.nullable().default(null),
    address: VaultAddress.nullable().default(null),
    keyId: z.uuid().nullable().default(null),
  }),
  z.object({ erased: z.int().nonnegative() }),
);

/** How much an account has in the vault. */
export const GetVaultRoom = rpc(
  'vault.v1.rpc.room.get',
  z.object({ accountId: z.uuid() }),
  z.object({
    kinds: z.array(z.object({ kind: VaultKind, entries: z.int().nonnegative(), bytes: z.int().nonnegative() })),
    limitBytes: z.int().positive(),
  }),
);
