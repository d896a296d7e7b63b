import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { RpcClient } from '@switchyard/bus';
import { GatewayError, GenerationFinished, GetGeneration, usageEventWire } from '@switchyard/contracts';
import type { Caller } from '../callers/caller.js';
import { usageOfAnswer } from '../completions/answer.js';
import type { Answer } from '../completions/answer.js';
import type { Generation } from '../completions/generation.js';
import type { UsageMessage } from '../credit/pending-usage.js';
import { EdgeProcess } from '../process/edge-process.js';
import { Outbox } from '../process/outbox.service.js';
import { recordGeneration } from '../process/metrics.js';
import { generationRecord } from './generation-record.js';
import { RecentGenerations } from './recent-generations.js';
import { recordWire } from './record-wire.js';
import type { KnownGeneration } from './recent-generations.js';

const GENERATION_ID = /^gen-\d{10}-[A-Za-z0-9]{20}$/;
/** Another edge's generation may still be on its way to the ledger: it is asked for this often, with this much in between. */
const LOOK_UPS = 5;
const LOOK_UP_PAUSE_MS = 200;
/** Older ids are either stored or do not exist. */
const FRESH_S = 60;

/** Finished generations: remembered here for a while, told to the ledger for good. */
@Injectable()
export class GenerationsService {
  private readonly recent: RecentGenerations;

  constructor(
    private readonly rpc: RpcClient,
    private readonly outbox: Outbox,
    private readonly edge: EdgeProcess,
  ) {
    this.recent = new RecentGenerations(edge.clock);
  }

  finished(generation: Generation, answer: Answer, firstByteAtMs: number | null): void {
    const record = generationRecord(generation, answer, { firstByteAtMs, finishedAtMs: this.edge.clock() });
    const usage = usageOfAnswer(answer);
    const bytes = Buffer.from(JSON.stringify(recordWire(record)));
    this.recent.put(record.id, bytes, usage && JSON.stringify(usageEventWire(usage)));
    this.outbox.send({ subject: GenerationFinished.subject, bytes, messageId: record.id });
    recordGeneration(record, usage);
  }

  publishUsage(message: UsageMessage): void {
    this.outbox.send(message);
  }

  /** A generation of the caller's account. @throws GatewayError `not_found`, `service_unavailable` */
  async find(id: string, { key }: Caller): Promise<KnownGeneration> {
    if (!GENERATION_ID.test(id)) throw notFound();
    const known = this.recent.find(id, key.accountId);
    if (known) return known;
    const ageS = Date.now() / 1000 - Number(id.slice(4, 14));
    const lookUps = ageS < FRESH_S ? LOOK_UPS : 1;
    for (let lookUp = 1; ; lookUp += 1) {
      const {
        generation,
        usage,
        chargedNanos: charged,
      } = await this.rpc.call(GetGeneration, {
        generationId: id,
        accountId: key.accountId,
      });
      if (generation) return { generation, usage, chargedNanos: charged };
      if (lookUp >= lookUps) throw notFound();
      await sleep(LOOK_UP_PAUSE_MS);
    }
  }
}

const notFound = (): GatewayError => new GatewayError('not_found', { message: 'Generation not found.' });
