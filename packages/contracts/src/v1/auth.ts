import { z } from 'zod';
import { nanos } from '../money.js';
import { rpc } from '../rpc.js';
import { BudgetScope, LimitReset, MAX_BUDGETS_OF_KEY } from './budget.js';
import { KeyPolicies, RoutingPolicy } from './routing.js';

/** KV bucket whose entries (key: digest in hex) say that a key changed; edges watch it and drop what they had cached. */
export const KEYS_BUCKET = 'keys';
/** Value of an entry of {@link KEYS_BUCKET}. */
export const KeyChange = z.object({ keyId: z.uuid(), version: z.int() });
export type KeyChange = z.output<typeof KeyChange>;

export const KeyKind = z.enum(['inference', 'management']);
export type KeyKind = z.output<typeof KeyKind>;

/** HMAC-SHA-256 of the key under the deployment's pepper, lower-case hex: the only form in which a key is stored or sent. */
export const KeyDigest = z.string().regex(/^[0-9a-f]{64}$/);

/** Shortest and longest life of a cached answer (OpenRouter's limits, spec 3.10), and what it is when nobody says. */
export const CACHE_TTL_SECONDS = { least: 1, most: 86_400, usual: 300 } as const;
const CacheTtlSeconds = z.int().min(CACHE_TTL_SECONDS.least).max(CACHE_TTL_SECONDS.most);

/** What the owner of a key lets be kept of its requests and answers; nothing, as long as nothing is said. */
const keeping = {
  /** Of the response cache: `true` is on, `false` is off whatever a request says, null leaves it to the request. */
  cacheEnabled: z.boolean().nullable().optional(),
  cacheTtlSeconds: CacheTtlSeconds.nullable().optional(),
  /** Responses are kept with their conversation, as `store` asks (OpenAI's Responses API). */
  storeResponses: z.boolean().optional(),
};

/** An API key without its secret. Times are ISO 8601 in UTC. */
export const ApiKey = z.object({
  id: z.uuid(),
  digest: KeyDigest,
  kind: KeyKind,
  accountId: z.uuid(),
  workspaceId: z.uuid(),
  /** User id of who made it, where known. */
  creatorUserId: z.string().nullable(),
  name: z.string(),
  /** First and last characters, for people: `sk-sy-v1-abc...123`. */
  label: z.string(),
  disabled: z.boolean(),
  /** Most that the key may spend per window; null: no limit. */
  limitNanos: nanos.nullable(),
  limitReset: LimitReset.nullable(),
  includeByokInLimit: z.boolean(),
  expiresAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
  externalUser: z.string().nullable(),
  /** Grows with every change of the key and of a budget that it counts against. */
  version: z.int().nonnegative(),
  /** Every cap that the key's spending counts against but its own limit: of its user, its workspace and its account. */
  budgets: z.array(BudgetScope).max(MAX_BUDGETS_OF_KEY).default([]),
  /** The account runs this installation: its management keys see what concerns everybody. */
  operator: z.boolean().default(false),
  /** What its requests are routed under; absent: nothing was settled. */
  routing: KeyPolicies.optional(),
  ...keeping,
});
export type ApiKey = z.output<typeof ApiKey>;

/**
 * Looks a key up by digest. `active` and `expired` are judged by the auth service's clock at the time of the answer;
 * an edge that caches the record checks `expiresAt` itself.
 */
export const ResolveKey = rpc(
  'auth.v1.rpc.key.resolve',
  z.object({ digest: KeyDigest }),
  z.discriminatedUnion('status', [
    z.object({ status: z.literal('active'), key: ApiKey }),
    z.object({ status: z.literal('disabled'), key: ApiKey }),
    z.object({ status: z.literal('expired'), key: ApiKey }),
    z.object({ status: z.literal('revoked') }),
    z.object({ status: z.literal('unknown') }),
  ]),
);

const KeySettings = z.object({
  name: z.string().trim().min(1).max(200),
  limitNanos: nanos.nullable().default(null),
  limitReset: LimitReset.nullable().default(null),
  includeByokInLimit: z.boolean().default(false),
  expiresAt: z.iso.datetime().nullable().default(null),
  creatorUserId: z.string().max(200).nullable().default(null),
  externalUser: z.string().max(200).nullable().default(null),
  routing: RoutingPolicy.nullable().default(null),
  ...keeping,
});

/** Makes a key. The reply is the only place where the secret ever appears. */
export const CreateKey = rpc(
  'auth.v1.rpc.key.create',
  KeySettings.extend({ accountId: z.uuid(), kind: KeyKind.default('inference') }),
  z.object({ key: ApiKey, secret: z.string() }),
);

/** Keys of an account, newest first; `inference` keys only, unless `kind` says otherwise. */
export const ListKeys = rpc(
  'auth.v1.rpc.key.list',
  z.object({
    accountId: z.uuid(),
    kind: KeyKind.default('inference'),
    includeDisabled: z.boolean().default(false),
    /** Also those that were revoked: what they have spent does not go away. */
    includeRevoked: z.boolean().default(false),
    offset: z.int().nonnegative().default(0),
    limit: z.int().min(1).max(100).default(100),
  }),
  z.object({ keys: z.array(ApiKey) }),
);

/** The digest of a key by its id, also of a revoked one, whose generations stay; null for another account's. */
export const FindKeyHash = rpc(
  'auth.v1.rpc.key.hash',
  z.object({ accountId: z.uuid(), keyId: z.uuid() }),
  z.object({ digest: KeyDigest.nullable() }),
);

/** One key of the account, by digest (the public `hash`). `not_found` when it is another account's. */
export const GetKey = rpc(
  'auth.v1.rpc.key.get',
  z.object({ accountId: z.uuid(), digest: KeyDigest }),
  z.object({ key: ApiKey }),
);

export const UpdateKey = rpc(
  'auth.v1.rpc.key.update',
  z.object({
    accountId: z.uuid(),
    digest: KeyDigest,
    changes: z
      .object({
        name: z.string().trim().min(1).max(200),
        disabled: z.boolean(),
        limitNanos: nanos.nullable(),
        limitReset: LimitReset.nullable(),
        includeByokInLimit: z.boolean(),
        routing: RoutingPolicy.nullable(),
        ...keeping,
      })
      .partial(),
  }),
  z.object({ key: ApiKey }),
);

/** Revokes a key for good: dead on every edge within a second. The row stays, so that `revoked` differs from `unknown`. */
export const RevokeKey = rpc(
  'auth.v1.rpc.key.revoke',
  z.object({ accountId: z.uuid(), digest: KeyDigest }),
  z.object({ revoked: z.boolean() }),
);

/**
 * Opens a tenant: an account with its first management key. Used by the runner and by set-up jobs. With an `accountId` of the
 * caller's the call may be repeated until it is answered: the account is the same, the unused management key of an answer
 * that was lost is revoked for a new one. `conflict` when that account has another name.
 */
export const CreateAccount = rpc(
  'auth.v1.rpc.account.create',
  z.object({ name: z.string().trim().min(1).max(200), accountId: z.uuid().optional() }),
  z.object({ accountId: z.uuid(), workspaceId: z.uuid(), managementKey: z.string() }),
);

/** Tells when keys were last used (minute grain); sent by edges in batches. */
export const TouchKeys = rpc(
  'auth.v1.rpc.key.touch',
  z.object({ uses: z.array(z.object({ keyId: z.uuid(), usedAt: z.iso.datetime() })).max(1000) }),
  z.object({}),
);
