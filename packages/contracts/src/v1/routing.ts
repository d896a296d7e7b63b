import { z } from 'zod';

/** Most models or patterns in one list of a {@link RoutingPolicy}. */
export const MAX_POLICY_MODELS = 1024;

const ModelPattern = z.string().min(1).max(256);

/**
 * What an account has settled for its requests. Rules (lists of models, `only`, `ignore`, data policy, price limits, …) can be
 * tightened by a request and never relaxed; wishes (`order`, `sort`, preferred speeds, the default model) count where a request has none.
 */
export const RoutingPolicy = z.object({
  /** Of requests that name no model. */
  defaultModel: z.string().min(1).max(256).nullable().default(null),
  /** Only these models, as ids in which `*` stands for anything; null: all. */
  allowedModels: z.array(ModelPattern).max(MAX_POLICY_MODELS).nullable().default(null),
  ignoredModels: z.array(ModelPattern).max(MAX_POLICY_MODELS).default([]),
  /** In the form of the public API, checked where it came in. */
  provider: z.record(z.string(), z.unknown()).default({}),
});
export type RoutingPolicy = z.output<typeof RoutingPolicy>;

/** The policies that a key is under, the wider one first. */
export const POLICY_OWNERS = ['workspace', 'key'] as const;
export type PolicyOwner = (typeof POLICY_OWNERS)[number];
export const KeyPolicies = z.object({
  workspace: RoutingPolicy.nullable().default(null),
  key: RoutingPolicy.nullable().default(null),
});
export type KeyPolicies = z.output<typeof KeyPolicies>;

/**
 * KV bucket of {@link StickyPin}, written and read by edges. Its keys are digests under the deployment's pepper of account, model
 * and conversation: nothing of a prompt can be read or checked from them.
 */
export const STICKY_BUCKET = 'sticky';
/** Entries live that long without being written again; the longest lifetime of a prompt cache. */
export const STICKY_MAX_AGE_MS = 60 * 60_000;

/** Where a conversation goes on. */
export const StickyPin = z.object({
  endpointId: z.string().min(1).max(256),
  modelId: z.string().min(1).max(256),
  /** What it is good for: a cache that was used, a session that was named, or reasoning that only its maker can read. */
  why: z.enum(['cache', 'session', 'reasoning']),
  /** How long it holds without another success. */
  idleMs: z.int().positive().max(STICKY_MAX_AGE_MS),
  /** Wall clock of the edge that wrote it. */
  writtenAtMs: z.int(),
});
export type StickyPin = z.output<typeof StickyPin>;
