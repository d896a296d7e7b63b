import { Injectable } from '@nestjs/common';
import { GatewayError, type GetBalance, type OpenAccount, type ReplyOf } from '@switchyard/contracts';
import { AccountsRepository } from './accounts.repository.js';

@Injectable()
export class AccountsService {
  constructor(private readonly accounts: AccountsRepository) {}

  async open(accountId: string): Promise<ReplyOf<typeof OpenAccount>> {
    return { opened: await this.accounts.open(accountId) };
  }

  async balance(accountId: string): Promise<ReplyOf<typeof GetBalance>> {
    const balance = await this.accounts.balance(accountId);
    if (!balance) throw new GatewayError('not_found', { message: 'The account does not exist.' });
    return balance;
  }
}
