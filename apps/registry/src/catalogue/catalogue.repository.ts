import { Injectable } from '@nestjs/common';
import { GatewayError, type CatalogueModel, type Price } from '@switchyard/contracts';
import { query, rows, transaction } from '@switchyard/database';
import { DataSource, In, IsNull, type EntityManager } from 'typeorm';
import { CatalogueChangeEntity } from '../distribution/catalogue-change.entity.js';
import { AuthorEntity } from './author.entity.js';
import { EndpointEntity } from './endpoint.entity.js';
import { toCatalogueModel, toEndpointRow, toModelRow } from './model-rows.js';
import { ModelEntity, type ModelSource } from './model.entity.js';
import { PriceEntity } from './price.entity.js';
import { ProviderEntity } from './provider.entity.js';
import { samePrice } from './same-model.js';

/** Everything that is done with it happens together or not at all. */
export type CatalogueTransaction = EntityManager;

/** A model with who put it there; `removed` ones are known but not served. */
export interface StoredModel {
  readonly model: CatalogueModel;
  readonly source: ModelSource;
  readonly revision: number;
  readonly removed: boolean;
}

export interface PutOptions {
  readonly source: ModelSource;
  /** When prices that differ from the current ones begin; null: now, by the database's clock. */
  readonly validFrom: Date | null;
  /** When the price of an endpoint begins that has none yet; `validFrom` when absent. */
  readonly firstValidFrom?: Date;
  /** Prices that differ by their version alone are the same price. */
  readonly ignoreVersions: boolean;
}

export interface CatalogueCounts {
  readonly models: number;
  readonly endpoints: number;
  readonly providers: number;
  readonly authors: number;
}

@Injectable()
export class CatalogueRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Resolves when PostgreSQL answers. */
  async ping(): Promise<void> {
    await query(this.dataSource, { idempotent: false }, 'SELECT 1');
  }

  /** One transaction that may be repeated: `work` sees and changes the catalogue through the same manager. */
  inTransaction<Result>(work: (manager: CatalogueTransaction) => Promise<Result>): Promise<Result> {
    return transaction(this.dataSource, { idempotent: true }, work);
  }

  async find(id: string): Promise<StoredModel | null> {
    return (await this.inTransaction((manager) => this.load(manager, [id])))[0] ?? null;
  }

  /** Models with the endpoints and prices of this moment, also removed ones; all, or those named. */
  async load(manager: CatalogueTransaction, ids?: readonly string[]): Promise<StoredModel[]> {
    const models = await manager.find(ModelEntity, ids ? { where: { id: In([...ids]) } } : { order: { id: 'ASC' } });
    const endpoints = await manager.find(EndpointEntity, {
      where: { removedAt: IsNull(), ...(ids && { modelId: In([...ids]) }) },
      order: { modelId: 'ASC', position: 'ASC' },
    });
    const endpointsOf = Map.groupBy(endpoints, (endpoint) => endpoint.modelId);
    const prices = await this.currentPrices(manager, ids ? endpoints.map((endpoint) => endpoint.id) : undefined);
    return models.map((row) => ({
      model: toCatalogueModel(row, endpointsOf.get(row.id) ?? [], (id) => prices.get(id)),
      source: row.source,
      revision: row.revision,
      removed: row.removedAt !== null,
    }));
  }

  /** Stores the model as a whole, with new price rows where prices differ, and announces it. Answers its revision. */
  async put(manager: CatalogueTransaction, model: CatalogueModel, options: PutOptions): Promise<number> {
    const providers = model.endpoints.map(({ provider, providerName }) => ({ id: provider, name: providerName }));
    await this.insertMissing(manager, AuthorEntity, [{ slug: model.author, name: model.author }]);
    await this.insertMissing(manager, ProviderEntity, providers);
    const [locked] = await manager.find(ModelEntity, { where: { id: model.id }, lock: { mode: 'pessimistic_write' } });
    const revision = (locked?.revision ?? 0) + 1;
    const row: ModelEntity = { ...toModelRow(model), source: options.source, revision, removedAt: null };
    await manager.upsert(ModelEntity, row, ['id']);
    await manager.update(EndpointEntity, { modelId: model.id, removedAt: IsNull() }, { removedAt: new Date() });
    if (model.endpoints.length > 0) await manager.upsert(EndpointEntity, model.endpoints.map(toEndpointRow), ['id']);
    await this.putPrices(manager, model, options);
    await this.announce(manager, model.id);
    return revision;
  }

  /** Takes a model out; false when it is not there. */
  async remove(manager: CatalogueTransaction, id: string, source: ModelSource): Promise<boolean> {
    const [model] = await manager.find(ModelEntity, {
      where: { id, removedAt: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
    if (!model) return false;
    await manager.update(ModelEntity, { id }, { source, removedAt: new Date(), revision: model.revision + 1 });
    await this.announce(manager, id);
    return true;
  }

  /** Names for authors and providers, from a source that knows them. */
  async name(manager: CatalogueTransaction, authors: readonly AuthorEntity[], providers: readonly ProviderEntity[]) {
    if (authors.length > 0) await manager.upsert(AuthorEntity, [...authors], ['slug']);
    if (providers.length > 0) await manager.upsert(ProviderEntity, [...providers], ['id']);
  }

  /** What is served now: endpoints with a price that has begun, and what has such an endpoint. */
  count(): Promise<CatalogueCounts> {
    return this.inTransaction(async (manager) => {
      const [counts] = await rows<CatalogueCounts>(
        manager,
        `SELECT count(DISTINCT model.id)::int AS models, count(*)::int AS endpoints,
                count(DISTINCT endpoint.provider)::int AS providers, count(DISTINCT model.author)::int AS authors
           FROM endpoint JOIN model ON model.id = endpoint.model_id
          WHERE endpoint.removed_at IS NULL AND model.removed_at IS NULL
            AND EXISTS (SELECT FROM price WHERE price.endpoint_id = endpoint.id AND price.valid_from <= now())`,
      );
      return counts ?? { models: 0, endpoints: 0, providers: 0, authors: 0 };
    });
  }

  private async putPrices(manager: CatalogueTransaction, model: CatalogueModel, options: PutOptions): Promise<void> {
    const ids = model.endpoints.map((endpoint) => endpoint.id);
    const current = await this.currentPrices(manager, ids);
    for (const { id, price } of model.endpoints) {
      const before = current.get(id);
      if (before && samePrice(before, price) && (options.ignoreVersions || before.version === price.version)) continue;
      await this.refuseReuse(manager, id, price);
      const validFrom = before ? options.validFrom : (options.firstValidFrom ?? options.validFrom);
      await manager.insert(PriceEntity, {
        endpointId: id,
        version: price.version,
        validFrom: validFrom ?? (() => 'now()'),
        price,
      });
    }
  }

  /** A version names one price: a receipt that quotes it must stay true. */
  private async refuseReuse(manager: CatalogueTransaction, endpointId: string, price: Price): Promise<void> {
    const others = await manager.findBy(PriceEntity, { endpointId, version: price.version });
    if (others.some((other) => !samePrice(other.price, price)))
      throw new GatewayError('conflict', {
        message: `The price version ${price.version} of ${endpointId} exists with another content: give the new price another version.`,
      });
  }

  private async currentPrices(
    manager: CatalogueTransaction,
    endpointIds?: readonly string[],
  ): Promise<Map<string, Price>> {
    const found = await manager
      .createQueryBuilder(PriceEntity, 'price')
      .distinctOn(['price.endpointId'])
      .where('price.validFrom <= now()')
      .andWhere(endpointIds ? 'price.endpointId = ANY(:endpointIds)' : 'true', { endpointIds })
      .orderBy('price.endpointId')
      .addOrderBy('price.validFrom', 'DESC')
      .addOrderBy('price.id', 'DESC')
      .getMany();
    return new Map(found.map((row) => [row.endpointId, row.price]));
  }

  private async announce(manager: CatalogueTransaction, modelId: string): Promise<void> {
    await manager.insert(CatalogueChangeEntity, { modelId });
  }

  private async insertMissing<Row extends object>(
    manager: EntityManager,
    entity: new () => Row,
    values: readonly Row[],
  ): Promise<void> {
    if (values.length > 0)
      await manager
        .createQueryBuilder()
        .insert()
        .into(entity)
        .values([...values])
        .orIgnore()
        .execute();
  }
}
