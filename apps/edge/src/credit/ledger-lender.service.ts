import { Injectable } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { CloseLease, GrantLease, ReturnCredit, TopUpLease } from '@switchyard/contracts';
import type { ReplyOf, RequestOf } from '@switchyard/contracts';
import { Lender } from './lender.js';

@Injectable()
export class LedgerLender extends Lender {
  constructor(private readonly rpc: RpcClient) {
    super();
  }

  grant(request: RequestOf<typeof GrantLease>): Promise<ReplyOf<typeof GrantLease>> {
    return this.rpc.call(GrantLease, request);
  }

  topUp(request: RequestOf<typeof TopUpLease>): Promise<ReplyOf<typeof TopUpLease>> {
    return this.rpc.call(TopUpLease, request);
  }

  giveBack(request: RequestOf<typeof ReturnCredit>): Promise<ReplyOf<typeof ReturnCredit>> {
    return this.rpc.call(ReturnCredit, request);
  }

  close(request: RequestOf<typeof CloseLease>): Promise<ReplyOf<typeof CloseLease>> {
    return this.rpc.call(CloseLease, request);
  }
}
