import { Injectable, Logger } from '@nestjs/common';
import { GenerationRecord, type GetGeneration, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { sqlStateOf } from '@switchyard/database';
import { GenerationsRepository } from './generations.repository.js';

@Injectable()
export class GenerationsService {
  readonly #logger = new Logger('generations');

  constructor(private readonly generations: GenerationsRepository) {}

  find({ generationId, accountId }: RequestOf<typeof GetGeneration>): Promise<ReplyOf<typeof GetGeneration>> {
    return this.generations.find(generationId, accountId);
  }

  /** Stores what can be stored. A broken record is logged and left: no money hangs on it, and it must not block the others. */
  async record(messages: readonly { readonly data: Uint8Array }[]): Promise<void> {
    const records = messages.map(({ data }) => readRecord(data)).filter((record) => record !== null);
    if (records.length < messages.length)
      this.#logger.warn(`${messages.length - records.length} records of generations do not follow the contract`);
    if (records.length === 0) return;
    try {
      await this.generations.record(records);
    } catch (error) {
      if (sqlStateOf(error) === null) throw error;
      for (const record of records) await this.#recordAlone(record);
    }
  }

  async #recordAlone(record: GenerationRecord): Promise<void> {
    try {
      await this.generations.record([record]);
    } catch (error) {
      if (sqlStateOf(error) === null) throw error;
      this.#logger.warn(`the record of ${record.id} cannot be stored: ${sqlStateOf(error)}`);
    }
  }
}

function readRecord(data: Uint8Array): GenerationRecord | null {
  try {
    return GenerationRecord.safeParse(JSON.parse(new TextDecoder().decode(data))).data ?? null;
  } catch {
    return null;
  }
}
