import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { GetKeySpend, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { KeySpendService } from './key-spend.service.js';

@Controller()
export class KeySpendController {
  constructor(private readonly spend: KeySpendService) {}

  @Serves(GetKeySpend)
  spendOf(@Request(GetKeySpend) request: RequestOf<typeof GetKeySpend>): Promise<ReplyOf<typeof GetKeySpend>> {
    return this.spend.spendOf(request.keyIds);
  }
}
