import { Injectable } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { ReturnFreeRequests, TakeFreeRequests } from '@switchyard/contracts';
import { FreeLedger } from './free-ledger.js';
import type { FreeTranche } from './free-ledger.js';

@Injectable()
export class LedgerQuotas extends FreeLedger {
  constructor(private readonly rpc: RpcClient) {
    super();
  }

  take(request: { trancheId: string; accountId: string; want: number }): Promise<FreeTranche> {
    return this.rpc.call(TakeFreeRequests, request);
  }

  async giveBack(trancheId: string, unused: number): Promise<void> {
    await this.rpc.call(ReturnFreeRequests, { trancheId, unused });
  }
}
