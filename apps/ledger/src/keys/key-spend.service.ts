import { Injectable } from '@nestjs/common';
import type { GetKeySpend, ReplyOf } from '@switchyard/contracts';
import { KeySpendRepository } from './key-spend.repository.js';

@Injectable()
export class KeySpendService {
  constructor(private readonly spend: KeySpendRepository) {}

  async spendOf(keyIds: readonly string[]): Promise<ReplyOf<typeof GetKeySpend>> {
    return { spend: await this.spend.spendOf(keyIds) };
  }
}
