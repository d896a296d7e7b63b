import type { PreparedEndpoint } from '../catalogue/prepared-model.js';
import type { Filter } from './filters/filter.js';
import type { RequestedModel } from './model-expression.js';
import type { ExclusionReason, Verdict } from './routing.js';

/** Sends the endpoints of one model after another through the filters, and remembers what was left out and why. */
export class Sieve {
  readonly verdicts: (Verdict & { readonly kept: false; readonly reason: ExclusionReason })[] = [];
  readonly affectedProviders = new Set<string>();
  /** The rule that left out the endpoint which came furthest: with nothing left, the one to tell. */
  decisive: Filter | null = null;
  private readonly counts = new Map<ExclusionReason, number>();
  private furthest = -1;

  constructor(
    private readonly hard: readonly Filter[],
    private readonly soft: readonly Filter[],
  ) {}

  /** The endpoints of a model that may serve, in the order given. */
  sift(requested: RequestedModel, endpoints: readonly PreparedEndpoint[]): readonly PreparedEndpoint[] {
    const eligible = endpoints.filter((endpoint) => this.passes(endpoint, requested));
    return this.soft.reduce((kept, preference) => this.prefer(kept, preference, requested), eligible);
  }

  /** The endpoints that satisfy every rule, the soft ones as well. Counts what is left out, without a verdict on each. */
  able(requested: RequestedModel, endpoints: readonly PreparedEndpoint[]): readonly PreparedEndpoint[] {
    const rules = [...this.hard, ...this.soft];
    return endpoints.filter((endpoint) => {
      const failed = rules.find((filter) => !filter.keeps(endpoint, requested));
      if (failed) this.count(endpoint, failed.reason);
      return failed === undefined;
    });
  }

  /** How many endpoints each reason left out. */
  excluded(): ReadonlyMap<ExclusionReason, number> {
    return this.counts;
  }

  private passes(endpoint: PreparedEndpoint, requested: RequestedModel): boolean {
    const failed = this.hard.findIndex((filter) => !filter.keeps(endpoint, requested));
    if (failed < 0) return true;
    const filter = this.hard[failed]!;
    this.exclude(endpoint, filter.reason);
    if (failed > this.furthest) {
      this.furthest = failed;
      this.decisive = filter;
    }
    return false;
  }

  private prefer(kept: PreparedEndpoint[], preference: Filter, requested: RequestedModel): PreparedEndpoint[] {
    const preferred = kept.filter((endpoint) => preference.keeps(endpoint, requested));
    if (preferred.length === 0 || preferred.length === kept.length) return kept;
    for (const endpoint of kept) if (!preference.keeps(endpoint, requested)) this.exclude(endpoint, preference.reason);
    return preferred;
  }

  private exclude(endpoint: PreparedEndpoint, reason: ExclusionReason): void {
    this.verdicts.push({ endpointId: endpoint.endpoint.id, kept: false, reason });
    this.count(endpoint, reason);
  }

  private count({ endpoint }: PreparedEndpoint, reason: ExclusionReason): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + 1);
    this.affectedProviders.add(endpoint.provider);
  }
}
