import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { GetBalance, OpenAccount, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { AccountsService } from './accounts.service.js';

@Controller()
export class AccountsController {
  constructor(private readonly accounts: AccountsService) {}

  @Serves(OpenAccount)
  open(@Request(OpenAccount) request: RequestOf<typeof OpenAccount>): Promise<ReplyOf<typeof OpenAccount>> {
    return this.accounts.open(request.accountId);
  }

  @Serves(GetBalance)
  balance(@Request(GetBalance) request: RequestOf<typeof GetBalance>): Promise<ReplyOf<typeof GetBalance>> {
    return this.accounts.balance(request.accountId);
  }
}
