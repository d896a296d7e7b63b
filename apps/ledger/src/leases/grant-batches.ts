import type { GrantLease, RequestOf } from '@switchyard/contracts';
import type { Loan } from './loan.js';

type Request = RequestOf<typeof GrantLease>;
/** Grants all of them in one transaction, answers in their order. */
export type GrantMany = (requests: readonly Request[]) => Promise<readonly Loan[]>;

interface Waiting {
  readonly request: Request;
  readonly resolve: (loan: Loan) => void;
  readonly reject: (error: unknown) => void;
}

/** Grants of one transaction: more would keep the account's row from top-ups for too long. */
const MAX_BATCH = 100;

/**
 * Grants of one account wait for the same row, so those that come while one is under way share the next transaction: a thousand
 * keys that are used for the first time at once cost a dozen commits and not a thousand. A grant that comes alone waits for nobody.
 */
export class GrantBatches {
  private readonly queues = new Map<string, Waiting[]>();

  constructor(private readonly grantMany: GrantMany) {}

  grant(request: Request): Promise<Loan> {
    const { promise, resolve, reject } = Promise.withResolvers<Loan>();
    const waiting = { request, resolve, reject };
    const queue = this.queues.get(request.accountId);
    if (queue) queue.push(waiting);
    else {
      this.queues.set(request.accountId, [waiting]);
      void this.serve(request.accountId);
    }
    return promise;
  }

  private async serve(accountId: string): Promise<void> {
    const queue = this.queues.get(accountId)!;
    while (queue.length > 0) await this.serveBatch(queue.splice(0, MAX_BATCH));
    this.queues.delete(accountId);
  }

  private async serveBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const loans = await this.grantMany(batch.map(({ request }) => request));
      for (const [index, { resolve }] of batch.entries()) resolve(loans[index]!);
    } catch (error) {
      const [only] = batch;
      if (only && batch.length === 1) only.reject(error);
      // What one of them did wrong is nobody else's fault.
      else for (const waiting of batch) await this.serveBatch([waiting]);
    }
  }
}
