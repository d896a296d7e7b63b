import type { GrantRequest } from './builders.js';

export type { GrantRequest } from './builders.js';

export type GrantReply =
  | { readonly outcome: 'granted'; readonly grantedNanos: bigint; readonly ttlMs: number }
  | { readonly outcome: 'refused'; readonly reason: string; readonly availableNanos: bigint }
  | { readonly outcome: 'gone' | 'conflict' };
export interface TopUpRequest {
  readonly leaseId: string;
  readonly topUpId: string;
  readonly edgeEpoch: string;
  readonly wantNanos: bigint;
  readonly minNanos: bigint;
}
export interface UsageClaim {
  readonly generationId: string;
  readonly leaseId: string;
  readonly grant: GrantRequest;
  readonly costNanos: bigint;
  readonly boundNanos: bigint;
  readonly outcome: 'final' | 'estimate' | 'insured';
  /** An estimate of an edge, which waits {@link ESTIMATE_WAIT_MS} for the real usage. */
  readonly waits: boolean;
}
export const ESTIMATE_WAIT_MS = 60_000;
export interface Settled {
  readonly status: string;
  readonly chargedNanos: bigint;
}
export type ScopeState = string;

/** What the model test drives: the reference in memory, and the ledger on PostgreSQL. */
export interface LedgerUnderTest {
  setNow(at: number): Promise<void>;
  open(accountId: string): Promise<void>;
  deposit(accountId: string, amountNanos: bigint, externalId: string): Promise<string>;
  grant(request: GrantRequest): Promise<GrantReply>;
  topUp(request: TopUpRequest): Promise<GrantReply>;
  close(leaseId: string, keepNanos: bigint, edgeEpoch: string): Promise<string>;
  /** Gives back a part of an open lease; told as the sum that was ever given back. */
  giveBack(leaseId: string, returnedNanos: bigint, edgeEpoch: string): Promise<void>;
  apply(batch: readonly UsageClaim[]): Promise<Settled[]>;
  /** How many leases it closed. */
  sweep(): Promise<number>;
  /** Books the estimates that have waited long enough; answers what became of them. */
  bookWaiting(): Promise<string[]>;
  /** Takes unused credit of a deposit back: 'created', 'known', 'too_much', 'no_deposit' or 'conflict'. */
  refund(accountId: string, depositId: string, amountNanos: bigint, externalId: string): Promise<string>;
  grantPromo(accountId: string, amountNanos: bigint, externalId: string, expiresAt: number): Promise<string>;
  /** What it took back of promotional credit whose time is over. */
  expirePromos(): Promise<bigint>;
  /** `deposited = available + leased + spent`. */
  balance(accountId: string): Promise<string>;
  scopes(scopeIds: readonly string[]): Promise<ScopeState[]>;
}
