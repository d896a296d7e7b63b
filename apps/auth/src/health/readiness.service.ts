import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Health } from '@switchyard/chassis';
import { AccountsRepository } from '../accounts/accounts.repository.js';

/** An auth service without its database can answer nothing. */
@Injectable()
export class ReadinessService implements OnModuleInit {
  constructor(
    private readonly health: Health,
    private readonly accounts: AccountsRepository,
  ) {}

  onModuleInit(): void {
    this.health.check('database', () => this.accounts.ping());
  }
}
