import { Injectable } from '@nestjs/common';
import type { CompletionRequest } from '@switchyard/contracts';
import { boundOf } from '@switchyard/pricing';
import type { BoundInput } from '@switchyard/pricing';
import type { RequestFacts } from '@switchyard/protocols';
import { instruments } from '@switchyard/telemetry';
import type { Caller } from '../callers/caller.js';
import { affordableTokens } from '../credit/affordable.js';
import { CreditService } from '../credit/credit.service.js';
import type { Hold } from '../credit/lease.js';
import { CreditRefused, refusalError } from '../credit/refusal.js';
import type { OrderedCandidate } from '../routing/index.js';

export interface Admitted {
  readonly hold: Hold;
  readonly bound: { readonly nanos: bigint; readonly admittedAtMs: number };
}

/** Most searches that a provider may run in one request that allows them; part of the bound. */
const MAX_SEARCHES = 10;

/** Says what a request can cost at most, whoever serves it, and sets that aside. */
@Injectable()
export class Admission {
  constructor(private readonly credit: CreditService) {}

  /** @throws GatewayError `insufficient_credits`, `key_limit_exceeded` or `service_unavailable` */
  async admit(
    { key }: Caller,
    request: CompletionRequest,
    facts: RequestFacts,
    candidates: readonly OrderedCandidate[],
  ): Promise<Admitted> {
    const admittedAtMs = Date.now();
    const endpoints = candidates.map(({ endpoint }) => endpoint);
    const input: BoundInput = {
      ...facts,
      maxTokens: request.maxTokens ?? null,
      n: request.n ?? 1,
      admittedAtMs,
      ...(request.webSearchOptions !== undefined && { searches: MAX_SEARCHES }),
    };
    const nanos = boundOf(input, endpoints);
    try {
      return { hold: await this.credit.admit(key, nanos), bound: { nanos, admittedAtMs } };
    } catch (error) {
      if (!(error instanceof CreditRefused)) throw error;
      instruments.admissionRefusals.add(1, { reason: error.refusal.reason });
      const requestedTokens = request.maxTokens ?? Math.max(...endpoints.map(outputLimit));
      const boundOfTokens = (maxTokens: number) => boundOf({ ...input, maxTokens }, endpoints);
      const affordable = affordableTokens(boundOfTokens, error.affordableNanos, requestedTokens);
      throw refusalError(error, { key, boundNanos: nanos, requestedTokens, affordableTokens: affordable });
    }
  }
}

const outputLimit = ({ maxCompletionTokens, contextLength }: OrderedCandidate['endpoint']): number =>
  maxCompletionTokens ?? contextLength;
