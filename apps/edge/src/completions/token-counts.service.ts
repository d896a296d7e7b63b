import { Injectable } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import type { CompletionRequest, DialectId } from '@switchyard/contracts';
import { dialectOf, requestFacts } from '@switchyard/protocols';
import { CatalogueStore } from '../catalogue/catalogue.store.js';
import { resolveModels } from '../routing/model-expression.js';

/** Bytes of text per token, as in every other estimate of ours, and tokens of a middling picture. */
const BYTES_PER_TOKEN = 4;
const TOKENS_PER_IMAGE = 258;

/** What the count of a client is made of. */
export interface TokenCount {
  readonly inputTokens: number;
}

/** Estimates how many tokens a prompt has. Nobody is asked and nothing is charged for it, so it is no provider's count. */
@Injectable()
export class TokenCounts {
  constructor(private readonly catalogue: CatalogueStore) {}

  /** @throws GatewayError `invalid_request`, or `invalid_model` */
  count(dialect: DialectId, body: unknown): TokenCount {
    const request: CompletionRequest = dialectOf(dialect).parseRequest(body);
    const facts = requestFacts(request);
    const models = resolveModels(request.models, this.catalogue);
    if (models instanceof GatewayError) throw models;
    return { inputTokens: Math.ceil(facts.promptBytes / BYTES_PER_TOKEN) + facts.images * TOKENS_PER_IMAGE };
  }
}
