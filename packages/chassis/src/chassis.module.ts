import { Global, Module } from '@nestjs/common';
import { Drain } from './lifecycle/drain.js';
import { Health } from './lifecycle/health.js';

/** Health and drain of the process, for every module of the service. */
@Global()
@Module({ providers: [Drain, Health], exports: [Drain, Health] })
export class ChassisModule {}
