import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { GetBudgetSpend, GetFreeQuota, ReturnFreeRequests, TakeFreeRequests } from '@switchyard/contracts';
import type { FreeQuota, ReplyOf, RequestOf } from '@switchyard/contracts';

const MINUTE_MS = 60_000;
const RESETS_AT = new Date(Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS);
const DAY_ENDS = new Date(RESETS_AT.getTime() + 3_600_000);

/** Serves the ledger's contracts of limits from memory, for one endless minute. */
@Controller()
export class SmallQuota {
  perMinute = 20;
  perDay = 50;
  questions = 0;
  readonly used = new Map<string, number>();
  private readonly tranches = new Map<string, number>();
  readonly bought = new Map<string, bigint>();
  /** By scope and interval. */
  readonly spent = new Map<string, bigint>();

  @Serves(TakeFreeRequests)
  take(@Request(TakeFreeRequests) request: RequestOf<typeof TakeFreeRequests>): ReplyOf<typeof TakeFreeRequests> {
    this.questions += 1;
    const used = this.used.get(request.accountId) ?? 0;
    const left = Math.min(this.perMinute, this.perDay) - used;
    const known = this.tranches.get(request.trancheId);
    const granted = known ?? (left > 0 ? Math.min(request.want, Math.max(1, Math.floor(left / 4))) : 0);
    if (known === undefined && granted > 0) {
      this.tranches.set(request.trancheId, granted);
      this.used.set(request.accountId, used + granted);
    }
    const limitedBy = granted > 0 ? null : this.perDay <= this.perMinute ? 'day' : 'minute';
    return { granted, validMs: MINUTE_MS, limitedBy, quota: this.quotaOf(request.accountId) };
  }

  @Serves(ReturnFreeRequests)
  giveBack(
    @Request(ReturnFreeRequests) { unused }: RequestOf<typeof ReturnFreeRequests>,
  ): ReplyOf<typeof ReturnFreeRequests> {
    return { returned: unused };
  }

  @Serves(GetFreeQuota)
  get(@Request(GetFreeQuota) { accountId }: RequestOf<typeof GetFreeQuota>): ReplyOf<typeof GetFreeQuota> {
    return this.quotaOf(accountId);
  }

  @Serves(GetBudgetSpend)
  spend(@Request(GetBudgetSpend) { budgets }: RequestOf<typeof GetBudgetSpend>): ReplyOf<typeof GetBudgetSpend> {
    return {
      spend: budgets.map(({ scopeId, interval }) => ({
        scopeId,
        interval,
        spentNanos: this.spent.get(`${scopeId} ${interval}`) ?? 0n,
        reservedNanos: 0n,
        resetsAt: interval === 'total' ? null : DAY_ENDS.toISOString(),
      })),
    };
  }

  private quotaOf(accountId: string): FreeQuota {
    const used = this.used.get(accountId) ?? 0;
    return {
      minute: { limit: this.perMinute, used, resetsAt: RESETS_AT.toISOString() },
      day: { limit: this.perDay, used, resetsAt: DAY_ENDS.toISOString() },
      boughtNanos: this.bought.get(accountId) ?? 0n,
      thresholdNanos: 10_000_000_000n,
      dayLimitAbove: 1_000,
    };
  }
}
