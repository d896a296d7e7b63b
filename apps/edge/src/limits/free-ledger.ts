import type { ReplyOf, TakeFreeRequests } from '@switchyard/contracts';

export type FreeTranche = ReplyOf<typeof TakeFreeRequests>;

/** The ledger as the limits of free models see it. Every call is idempotent by the id of the tranche. */
export abstract class FreeLedger {
  abstract take(request: { trancheId: string; accountId: string; want: number }): Promise<FreeTranche>;
  abstract giveBack(trancheId: string, unused: number): Promise<void>;
}
