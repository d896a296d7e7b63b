import type { BudgetScope, CreateDeposit, RequestOf } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { grantRequest, TTL_MS } from './builders.js';
import type { LedgerBench } from './ledger-bench.js';

export const depositRequest = (accountId: string, amountNanos: bigint): RequestOf<typeof CreateDeposit> => ({
  accountId,
  amountNanos,
  source: 'test',
  externalId: randomUUID(),
  note: null,
});

/** Opens an account with this much in it. */
export async function fundAccount(bench: LedgerBench, amountNanos: bigint): Promise<string> {
  const accountId = randomUUID();
  await bench.accounts.open(accountId);
  if (amountNanos > 0n) await bench.deposits.create(depositRequest(accountId, amountNanos));
  return accountId;
}

/** Asks for a lease of exactly this much, for a new key on a new edge. */
export async function askForLease(
  bench: LedgerBench,
  accountId: string,
  amountNanos: bigint,
  budgets: readonly BudgetScope[] = [],
) {
  const request = grantRequest({ accountId, minNanos: amountNanos, wantNanos: amountNanos, budgets: [...budgets] });
  return { request, reply: await bench.leases.grant(request, TTL_MS) };
}
