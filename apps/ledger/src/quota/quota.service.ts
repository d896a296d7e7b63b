import { Inject, Injectable } from '@nestjs/common';
import type { FreeQuota, ReplyOf, RequestOf, ReturnFreeRequests, TakeFreeRequests } from '@switchyard/contracts';
import { LEDGER_OPTIONS, type LedgerOptions } from '../config.js';
import { QuotaRepository } from './quota.repository.js';

/** Without limits an edge is handed this many at once, so that it asks rarely. */
const TRANCHE_WITHOUT_LIMITS = 1_000;

@Injectable()
export class QuotaService {
  constructor(
    private readonly quotas: QuotaRepository,
    @Inject(LEDGER_OPTIONS) private readonly options: LedgerOptions,
  ) {}

  async take({
    trancheId,
    accountId,
    want,
  }: RequestOf<typeof TakeFreeRequests>): Promise<ReplyOf<typeof TakeFreeRequests>> {
    const { freeLimits } = this.options;
    const unlimited = freeLimits.perMinute + freeLimits.perDay + freeLimits.perDayAbove === 0;
    const tranche = await this.quotas.take(trancheId, accountId, unlimited ? TRANCHE_WITHOUT_LIMITS : want, freeLimits);
    return { ...tranche, quota: await this.quotas.quota(accountId, freeLimits) };
  }

  async giveBack({
    trancheId,
    unused,
  }: RequestOf<typeof ReturnFreeRequests>): Promise<ReplyOf<typeof ReturnFreeRequests>> {
    return { returned: await this.quotas.giveBack(trancheId, unused) };
  }

  get(accountId: string): Promise<FreeQuota> {
    return this.quotas.quota(accountId, this.options.freeLimits);
  }
}
