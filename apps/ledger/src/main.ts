import 'reflect-metadata';
import { runService } from '@switchyard/chassis';
import { serviceOptions } from './config.js';
import { LedgerModule } from './ledger.module.js';

const { chassis, ledger } = serviceOptions();
await runService({ name: 'ledger', module: LedgerModule.forRoot(ledger), config: chassis, rpc: true });
