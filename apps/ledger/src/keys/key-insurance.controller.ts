import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { GetKeyInsurance, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { KeyInsuranceRepository } from './key-insurance.repository.js';

@Controller()
export class KeyInsuranceController {
  constructor(private readonly insurance: KeyInsuranceRepository) {}

  @Serves(GetKeyInsurance)
  async insuranceOf(
    @Request(GetKeyInsurance) request: RequestOf<typeof GetKeyInsurance>,
  ): Promise<ReplyOf<typeof GetKeyInsurance>> {
    return { keys: await this.insurance.insuranceOf(request) };
  }
}
