import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { Drain } from '@switchyard/chassis';
import { GatewayError } from '@switchyard/contracts';
import type { ApiKey } from '@switchyard/contracts';
import { instruments } from '@switchyard/telemetry';
import { EdgeProcess } from '../process/edge-process.js';
import type { OrderedCandidate } from '../routing/index.js';
import { FreeAllowance } from './free-allowance.js';
import { FreeLedger } from './free-ledger.js';

/** What of a request the limits of free models let through. */
export interface FreeAdmission {
  readonly candidates: readonly OrderedCandidate[];
  /** The request was refused after all, and counts for nothing. */
  readonly undo: () => void;
}

const KEEP_MS = 1_000;
/** Models of one's own server cost nobody anything, whatever they are called. */
const OWN_PROVIDER = 'local';

/** Whether a candidate counts against the limits of free models. */
export const isFree = ({ model, endpoint }: OrderedCandidate): boolean =>
  model.id.endsWith(':free') && endpoint.provider !== OWN_PROVIDER;

/** Limits requests of free models per account, over all edges, without a question to the ledger while a tranche lasts. */
@Injectable()
export class FreeModels implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(FreeModels.name);
  private readonly accounts = new Map<string, FreeAllowance>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ledger: FreeLedger,
    private readonly edge: EdgeProcess,
    private readonly drain: Drain,
  ) {}

  onModuleInit(): void {
    this.drain.register('free requests', 30, () => this.keep({ everything: true }));
    this.timer = setInterval(() => void this.keep(), KEEP_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /**
   * Counts a request with a free model among its candidates. At the limit the free ones are left out, like providers that
   * are busy; only a request that has nothing else is refused.
   * @throws GatewayError `free_model_limit`; `service_unavailable` when the ledger cannot be asked
   */
  async admit({ accountId }: ApiKey, candidates: readonly OrderedCandidate[]): Promise<FreeAdmission> {
    if (!candidates.some(isFree)) return { candidates, undo: () => undefined };
    let allowance = this.accounts.get(accountId);
    if (!allowance) {
      allowance = new FreeAllowance(accountId, this.ledger, this.edge.clock);
      this.accounts.set(accountId, allowance);
    }
    try {
      const permit = await allowance.take();
      return { candidates, undo: () => permit.undo() };
    } catch (error) {
      const others = candidates.filter((candidate) => !isFree(candidate));
      if (others.length === 0 || !(error instanceof GatewayError)) {
        if (error instanceof GatewayError) instruments.admissionRefusals.add(1, { reason: error.code });
        throw error;
      }
      return { candidates: others, undo: () => undefined };
    }
  }

  /** Gives back what was not used in its minute; at shutdown everything. */
  async keep(options: { readonly everything?: boolean } = {}): Promise<void> {
    const work = [...this.accounts].map(async ([accountId, allowance]) => {
      await allowance.giveBack(options);
      if (allowance.idle) this.accounts.delete(accountId);
    });
    for (const outcome of await Promise.allSettled(work))
      if (outcome.status === 'rejected')
        this.logger.debug(`free requests were not given back yet: ${(outcome.reason as Error).message}`);
  }
}
