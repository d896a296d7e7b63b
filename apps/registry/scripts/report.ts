/** What the generator left out or found strange, for people who look at the change of a refresh. */
export interface Report {
  /** Endpoints and models that are not served, with the reason. */
  readonly notServed: { provider: string; name: string; reason: string }[];
  /** Names of providers that no public id was found for: new models, tiers, things that are not chat models. */
  readonly unmatched: { provider: string; name: string }[];
  /** The same model costs something else in a later catalogue. */
  readonly drift: { model: string; listed: string; later: string }[];
  /** Facts that the catalogue has no place for, or that were not believed. */
  readonly dropped: { name: string; reason: string }[];
}

export const emptyReport = (): Report => ({ notServed: [], unmatched: [], drift: [], dropped: [] });
