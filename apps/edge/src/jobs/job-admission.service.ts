import { Injectable } from '@nestjs/common';
import { jobBoundOf } from '@switchyard/pricing';
import type { JobSize } from '@switchyard/protocols';
import { instruments } from '@switchyard/telemetry';
import type { Caller } from '../callers/caller.js';
import { CreditService } from '../credit/credit.service.js';
import type { Hold } from '../credit/lease.js';
import { CreditRefused, refusalError } from '../credit/refusal.js';
import type { RefusedRequest } from '../credit/refusal.js';
import { FreeModels } from '../limits/free-models.service.js';
import type { OrderedCandidate } from '../routing/index.js';

export interface AdmittedJob {
  readonly hold: Hold;
  readonly admittedAtMs: number;
  /** Who may serve it: all who were asked about, but free models beyond their limit. */
  readonly candidates: readonly OrderedCandidate[];
}

/** Says what a job can cost at most, whoever serves it, and sets that aside. */
@Injectable()
export class JobAdmission {
  constructor(
    private readonly credit: CreditService,
    private readonly freeModels: FreeModels,
  ) {}

  /** @throws GatewayError `free_model_limit`, `insufficient_credits`, `key_limit_exceeded`, `budget_exceeded` or `service_unavailable` */
  async admit({ key }: Caller, size: JobSize, routed: readonly OrderedCandidate[]): Promise<AdmittedJob> {
    const { candidates, undo } = await this.freeModels.admit(key, routed);
    const admittedAtMs = Date.now();
    const endpoints = candidates.map(({ endpoint }) => endpoint);
    const boundNanos = jobBoundOf({ ...size, admittedAtMs }, endpoints);
    try {
      return { hold: await this.credit.admit(key, boundNanos), admittedAtMs, candidates };
    } catch (error) {
      undo();
      if (!(error instanceof CreditRefused)) throw error;
      instruments.admissionRefusals.add(1, { reason: error.refusal.reason });
      throw refusalError(error, { key, boundNanos, ...affordable(size, boundNanos, error.affordableNanos) });
    }
  }
}

/** There is no output to ask less of: what can be shortened is the input, in proportion to the money. */
function affordable(
  { promptBytes }: JobSize,
  boundNanos: bigint,
  affordableNanos: bigint,
): Omit<RefusedRequest, 'key' | 'boundNanos'> {
  const share = boundNanos === 0n ? 0n : (BigInt(promptBytes) * affordableNanos) / boundNanos;
  const affordablePromptTokens = Math.min(Number(share), promptBytes - 1);
  return { requestedTokens: 0, affordableTokens: 0, promptTokens: promptBytes, affordablePromptTokens };
}
