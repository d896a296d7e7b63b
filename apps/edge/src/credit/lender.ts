import type { CloseLease, GrantLease, ReplyOf, RequestOf, ReturnCredit, TopUpLease } from '@switchyard/contracts';

/** The ledger as the edge sees it: whoever lends credit. Every call is idempotent by its id, so it may be made again. */
export abstract class Lender {
  abstract grant(request: RequestOf<typeof GrantLease>): Promise<ReplyOf<typeof GrantLease>>;
  abstract topUp(request: RequestOf<typeof TopUpLease>): Promise<ReplyOf<typeof TopUpLease>>;
  abstract giveBack(request: RequestOf<typeof ReturnCredit>): Promise<ReplyOf<typeof ReturnCredit>>;
  abstract close(request: RequestOf<typeof CloseLease>): Promise<ReplyOf<typeof CloseLease>>;
}
