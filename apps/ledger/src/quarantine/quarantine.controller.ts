import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import {
  DiscardQuarantined,
  ListQuarantine,
  RetryQuarantined,
  type ReplyOf,
  type RequestOf,
} from '@switchyard/contracts';
import { QuarantineService } from './quarantine.service.js';

@Controller()
export class QuarantineController {
  constructor(private readonly quarantine: QuarantineService) {}

  @Serves(ListQuarantine)
  list(@Request(ListQuarantine) request: RequestOf<typeof ListQuarantine>): Promise<ReplyOf<typeof ListQuarantine>> {
    return this.quarantine.list(request);
  }

  @Serves(RetryQuarantined)
  retry(
    @Request(RetryQuarantined) request: RequestOf<typeof RetryQuarantined>,
  ): Promise<ReplyOf<typeof RetryQuarantined>> {
    return this.quarantine.retry(request);
  }

  @Serves(DiscardQuarantined)
  discard(
    @Request(DiscardQuarantined) request: RequestOf<typeof DiscardQuarantined>,
  ): Promise<ReplyOf<typeof DiscardQuarantined>> {
    return this.quarantine.discard(request);
  }
}
