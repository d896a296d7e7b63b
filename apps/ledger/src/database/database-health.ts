import { Injectable } from '@nestjs/common';
import { Health } from '@switchyard/chassis';
import { LedgerRepository } from './ledger.repository.js';

/** Without its database the ledger should be given no calls. */
@Injectable()
export class DatabaseHealth {
  constructor(health: Health, ledger: LedgerRepository) {
    health.check('postgres', async () => {
      await ledger.call('SELECT 1');
    });
  }
}
