import { Injectable } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { GatewayError, GetBalance, GetBudgetSpend, GetFreeQuota } from '@switchyard/contracts';
import type { ApiKey } from '@switchyard/contracts';
import { budgetsOf } from '../callers/caller.js';
import { budgetLimits, creditLimit, freeLimits } from './limits-view.js';
import type { LimitView } from './limits-view.js';

/** What a request of some size would meet, in the order in which it would. */
export interface LimitQuestion {
  readonly key: ApiKey;
  readonly requiredNanos: bigint;
  /** Some candidate is a free model. */
  readonly free: boolean;
}

/** Asks the ledger how far limits are used. Reads only: nothing is set aside and nothing is counted. */
@Injectable()
export class Limits {
  constructor(private readonly rpc: RpcClient) {}

  /** Null when the ledger cannot be asked: the rest of an explanation is true all the same. */
  async facing({ key, requiredNanos, free }: LimitQuestion): Promise<readonly LimitView[] | null> {
    const { accountId } = key;
    const budgets = budgetsOf(key).map(({ scopeId, interval }) => ({ scopeId, interval }));
    try {
      const [quota, { spend }, balance] = await Promise.all([
        free ? this.rpc.call(GetFreeQuota, { accountId }) : null,
        this.rpc.call(GetBudgetSpend, { budgets }),
        this.rpc.call(GetBalance, { accountId }),
      ]);
      return [
        ...(quota ? freeLimits(quota) : []),
        ...budgetLimits(key, requiredNanos, spend),
        creditLimit(requiredNanos, balance),
      ];
    } catch (error) {
      if (error instanceof GatewayError && error.code === 'service_unavailable') return null;
      throw error;
    }
  }
}
