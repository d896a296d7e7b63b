import type { CatalogueEndpoint, CatalogueModel } from '@switchyard/contracts';

/** An endpoint with everything that routing asks of it worked out once, when the catalogue entry changed. */
export interface PreparedEndpoint {
  readonly endpoint: CatalogueEndpoint;
  readonly model: CatalogueModel;
  /** 3 : 1 blend of prompt and completion price, pico-USD per token, as a number: for weights and order, never for money. */
  readonly blendedPrice: number;
  /** Lower-case names that `provider.order`, `only` and `ignore` may call it by (spec 2.4). */
  readonly names: ReadonlySet<string>;
  /** These, and for a service tier also what its provider is called: `ignore` of a provider means its tiers, too. */
  readonly allNames: ReadonlySet<string>;
  /** `priority`, `flex`, … when the endpoint is a service tier: used only when asked for by its full slug or a variant. */
  readonly serviceTier: string | null;
  /** Nothing that it does has a price. */
  readonly isFree: boolean;
  readonly supportedParameters: ReadonlySet<string>;
  readonly inputModalities: ReadonlySet<string>;
  readonly outputModalities: ReadonlySet<string>;
}

/** A catalogue entry, ready for routing and for listings. */
export interface PreparedModel {
  readonly model: CatalogueModel;
  /** Ascending by {@link PreparedEndpoint.blendedPrice}, then by id. */
  readonly endpoints: readonly PreparedEndpoint[];
  /**
   * The service tiers that prices have rows for, as endpoints of their own in the same order: the same place and the same id,
   * another price.
   */
  readonly tierEndpoints: readonly PreparedEndpoint[];
  /** Union over the endpoints, sorted: `supported_parameters` of the public API. */
  readonly supportedParameters: ReadonlySet<string>;
}

/** What routing and listings see of the catalogue. */
export interface CatalogueView {
  /** By id or canonical slug, case as given. The text may come from a client: it is only ever a Map key. */
  find(modelId: string): PreparedModel | undefined;
  /** In the order of their ids. */
  models(): readonly PreparedModel[];
  readonly size: number;
  /** Grows with every change: a cache key for whatever is made of the catalogue. */
  readonly revision: number;
}
