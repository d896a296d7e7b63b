import type { PreparedEndpoint } from '../catalogue/prepared-model.js';
import type { Filter } from './filters/filter.js';
import type { RequestedModel } from './model-expression.js';
import type { ExclusionReason, Verdict } from './routing.js';

/** Sends the endpoints of one model after another through the filters, and remembers what was left out and why. */
export class Sieve {
  readonly verdicts: (Verdict & { readonly kept: false; readonly reason: ExclusionReason })[] = [];
  readonly affectedProviders = new Set<string>();
  /** The reason that left out the endpoint which came furthest: with nothing left, the one to tell. */
  decisiveReason: ExclusionReason | null = null;
  private furthest = -1;

  constructor(
    private readonly hard: readonly Filter[],
    private readonly soft: readonly Filter[],
  ) {}

  /** The endpoints of a model that may serve, in the order of the catalogue. */
  sift(requested: RequestedModel): readonly PreparedEndpoint[] {
    const eligible = requested.prepared.endpoints.filter((endpoint) => this.passes(endpoint, requested));
    return this.soft.reduce((kept, preference) => this.prefer(kept, preference, requested), eligible);
  }

  /** How many endpoints each reason left out. */
  excluded(): ReadonlyMap<ExclusionReason, number> {
    const counts = new Map<ExclusionReason, number>();
    for (const { reason } of this.verdicts) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return counts;
  }

  private passes(endpoint: PreparedEndpoint, requested: RequestedModel): boolean {
    const failed = this.hard.findIndex((filter) => !filter.keeps(endpoint, requested));
    if (failed < 0) return true;
    const { reason } = this.hard[failed]!;
    this.exclude(endpoint, reason);
    if (failed > this.furthest) {
      this.furthest = failed;
      this.decisiveReason = reason;
    }
    return false;
  }

  private prefer(kept: PreparedEndpoint[], preference: Filter, requested: RequestedModel): PreparedEndpoint[] {
    const preferred = kept.filter((endpoint) => preference.keeps(endpoint, requested));
    if (preferred.length === 0 || preferred.length === kept.length) return kept;
    for (const endpoint of kept) if (!preference.keeps(endpoint, requested)) this.exclude(endpoint, preference.reason);
    return preferred;
  }

  private exclude({ endpoint }: PreparedEndpoint, reason: ExclusionReason): void {
    this.verdicts.push({ endpointId: endpoint.id, kept: false, reason });
    this.affectedProviders.add(endpoint.provider);
  }
}
