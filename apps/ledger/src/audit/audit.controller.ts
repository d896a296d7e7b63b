import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { RunAudit, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { AuditService } from './audit.service.js';

@Controller()
export class AuditController {
  constructor(private readonly audits: AuditService) {}

  @Serves(RunAudit)
  run(@Request(RunAudit) _request: RequestOf<typeof RunAudit>): Promise<ReplyOf<typeof RunAudit>> {
    return this.audits.run();
  }
}
