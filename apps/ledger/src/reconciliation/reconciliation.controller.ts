import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { ReconcileUsage, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { ReconciliationService } from './reconciliation.service.js';

@Controller()
export class ReconciliationController {
  constructor(private readonly reconciliation: ReconciliationService) {}

  @Serves(ReconcileUsage)
  run(@Request(ReconcileUsage) request: RequestOf<typeof ReconcileUsage>): Promise<ReplyOf<typeof ReconcileUsage>> {
    return this.reconciliation.reconcile(request);
  }
}
