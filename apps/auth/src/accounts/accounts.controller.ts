import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { CreateAccount, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { AccountsService } from './accounts.service.js';

@Controller()
export class AccountsController {
  constructor(private readonly accounts: AccountsService) {}

  @Serves(CreateAccount)
  create(@Request(CreateAccount) request: RequestOf<typeof CreateAccount>): Promise<ReplyOf<typeof CreateAccount>> {
    return this.accounts.create(request);
  }
}
