import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import {
  GetFreeQuota,
  ReturnFreeRequests,
  TakeFreeRequests,
  type ReplyOf,
  type RequestOf,
} from '@switchyard/contracts';
import { QuotaService } from './quota.service.js';

@Controller()
export class QuotaController {
  constructor(private readonly quotas: QuotaService) {}

  @Serves(TakeFreeRequests)
  take(
    @Request(TakeFreeRequests) request: RequestOf<typeof TakeFreeRequests>,
  ): Promise<ReplyOf<typeof TakeFreeRequests>> {
    return this.quotas.take(request);
  }

  @Serves(ReturnFreeRequests)
  giveBack(
    @Request(ReturnFreeRequests) request: RequestOf<typeof ReturnFreeRequests>,
  ): Promise<ReplyOf<typeof ReturnFreeRequests>> {
    return this.quotas.giveBack(request);
  }

  @Serves(GetFreeQuota)
  get(@Request(GetFreeQuota) request: RequestOf<typeof GetFreeQuota>): Promise<ReplyOf<typeof GetFreeQuota>> {
    return this.quotas.get(request.accountId);
  }
}
