import { Injectable } from '@nestjs/common';
import { GatewayError } from '@switchyard/contracts';
import { CatalogueStore } from '../catalogue/catalogue.store.js';
import type { PreparedEndpoint, PreparedModel } from '../catalogue/prepared-model.js';
import { HealthStore } from '../health/health.store.js';
import { resolveModel } from '../routing/model-expression.js';
import { listModels, pageOf } from './listing.js';
import { isPlain, parseListingQuery } from './listing-query.js';
import type { ListingQuery } from './listing-query.js';
import { publicEndpoint } from './public-endpoint.js';
import { architectureOf, publicModel } from './public-model.js';

const MAX_QUOTED_ID = 200;

/** The public catalogue: models, their endpoints with live health, and who serves them. */
@Injectable()
export class ModelsService {
  /** JSON of each model, made once per version of its catalogue entry. */
  private readonly json = new WeakMap<PreparedModel, string>();
  private plain: { readonly revision: number; readonly body: Buffer } | null = null;

  constructor(
    private readonly catalogue: CatalogueStore,
    private readonly health: HealthStore,
  ) {}

  /** The body of `GET /models`, ready to send. The listing without parameters is made once per change of the catalogue. */
  list(query: Readonly<Record<string, unknown>>): Buffer {
    if (!isPlain(query)) return this.render(query);
    const { revision } = this.catalogue;
    if (this.plain?.revision !== revision) this.plain = { revision, body: this.render({}) };
    return this.plain.body;
  }

  count(query: Readonly<Record<string, unknown>>): number {
    const { output_modalities } = query;
    return this.find(parseListingQuery(output_modalities === undefined ? {} : { output_modalities })).length;
  }

  /** @throws GatewayError `not_found` */
  get(id: string): Record<string, unknown> {
    const prepared = this.known(id);
    if (prepared.endpoints.length === 0) throw notFound(id);
    return publicModel(prepared);
  }

  /** @throws GatewayError `not_found` */
  endpoints(id: string): Record<string, unknown> {
    const prepared = this.known(id);
    const { model } = prepared;
    return {
      id: model.id,
      name: model.name,
      created: model.created,
      description: '',
      architecture: architectureOf(prepared),
      endpoints: prepared.endpoints.map((one) => this.endpoint(one)),
    };
  }

  /** What a request that wants zero data retention could use: endpoints that are known to keep nothing. */
  zdrEndpoints(): Record<string, unknown>[] {
    return this.catalogue
      .models()
      .flatMap(({ endpoints }) => endpoints)
      .filter(({ endpoint }) => endpoint.dataPolicy?.retains === false)
      .map((one) => this.endpoint(one));
  }

  providers(): Record<string, unknown>[] {
    const names = new Map<string, string>();
    for (const { endpoints } of this.catalogue.models())
      for (const { endpoint } of endpoints) names.set(endpoint.provider, endpoint.providerName);
    return [...names]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([slug, name]) => ({
        name,
        slug,
        privacy_policy_url: null,
        terms_of_service_url: null,
        status_page_url: null,
      }));
  }

  private known(id: string): PreparedModel {
    const requested = resolveModel(id, this.catalogue);
    if (!requested) throw notFound(id);
    return requested.prepared;
  }

  private endpoint(one: PreparedEndpoint): Record<string, unknown> {
    const { id } = one.endpoint;
    return publicEndpoint(one, this.health.conditionOf(id, this.health.nowMs()).state, this.health.healthOf(id));
  }

  private find(query: ListingQuery): readonly PreparedModel[] {
    return listModels(this.catalogue.models(), query, {
      health: this.health,
      nowMs: this.health.nowMs(),
      unixSeconds: Math.floor(Date.now() / 1_000),
    });
  }

  private render(query: Readonly<Record<string, unknown>>): Buffer {
    const parsed = parseListingQuery(query);
    const found = this.find(parsed);
    const { items, nextOffset } = pageOf(found, parsed);
    const links = JSON.stringify({ next: nextOffset === null ? null : nextLink(query, nextOffset) });
    const data = items.map((one) => this.jsonOf(one)).join(',');
    return Buffer.from(`{"data":[${data}],"total_count":${found.length},"links":${links}}`);
  }

  private jsonOf(prepared: PreparedModel): string {
    let json = this.json.get(prepared);
    if (json === undefined) this.json.set(prepared, (json = JSON.stringify(publicModel(prepared))));
    return json;
  }
}

function nextLink(query: Readonly<Record<string, unknown>>, offset: number): string {
  const parameters = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
  );
  parameters.set('offset', String(offset));
  return `/api/v1/models?${parameters.toString()}`;
}

const notFound = (id: string): GatewayError =>
  new GatewayError('not_found', { message: `There is no model ${id.slice(0, MAX_QUOTED_ID)}` });
