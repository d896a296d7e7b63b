import { Injectable } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { GatewayError, OpenAccount, type CreateAccount, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { randomUUID } from 'node:crypto';
import { KeyChangeRelay } from '../changes/key-change-relay.js';
import { KeysService } from '../keys/keys.service.js';
import { AccountsRepository, FIRST_KEY_NAME } from './accounts.repository.js';

@Injectable()
export class AccountsService {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly keys: KeysService,
    private readonly relay: KeyChangeRelay,
    private readonly rpc: RpcClient,
  ) {}

  /**
   * The ledger account comes first: a ledger account without a tenant harms nobody, a tenant without one could never spend.
   * With the caller's own `accountId` the call may be repeated until it is answered.
   */
  async create({
    name,
    accountId = randomUUID(),
  }: RequestOf<typeof CreateAccount>): Promise<ReplyOf<typeof CreateAccount>> {
    await this.rpc.call(OpenAccount, { accountId });
    const first = this.keys.make({ kind: 'management', accountId, workspaceId: accountId });
    const opened = await this.accounts.open({
      accountId,
      name,
      firstKey: (workspaceId) => ({ ...first.key, name: FIRST_KEY_NAME, workspaceId }),
    });
    if (opened.name !== name) throw new GatewayError('conflict', { message: 'The account exists under another name.' });
    this.relay.wake();
    return { accountId, workspaceId: opened.workspaceId, managementKey: first.secret };
  }
}
