import { Injectable } from '@nestjs/common';
import { rows, transaction } from '@switchyard/database';
import { DataSource, In, type EntityManager } from 'typeorm';
import { CatalogueChangeEntity } from './catalogue-change.entity.js';

@Injectable()
export class DistributionRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs the work as the only distributor among all replicas. Two at once could read a model before and after a change and
   * write them in the wrong order, and the older one would stay at the edges.
   */
  exclusively<Result>(work: (manager: EntityManager) => Promise<Result>): Promise<Result> {
    return transaction(this.dataSource, { idempotent: false }, async (manager) => {
      await rows(manager, "SELECT pg_advisory_xact_lock(hashtextextended('registry:distribution', 0))");
      return work(manager);
    });
  }

  /** The oldest changes that the edges have not been told. */
  pending(manager: EntityManager, limit: number): Promise<CatalogueChangeEntity[]> {
    return manager.find(CatalogueChangeEntity, { order: { id: 'ASC' }, take: limit });
  }

  async forget(manager: EntityManager, changes: readonly CatalogueChangeEntity[]): Promise<void> {
    await manager.delete(CatalogueChangeEntity, { id: In(changes.map((change) => change.id)) });
  }

  /**
   * The start of the transaction by the database's clock. Prices begin by it, so that replicas with other clocks agree, and
   * `load` reads by it, so that a price that begins while this runs is left for the next round.
   */
  async now(manager: EntityManager): Promise<Date> {
    const [row] = await rows<{ now: Date }>(manager, 'SELECT now() AS now');
    if (!row) throw new Error('PostgreSQL did not tell the time');
    return row.now;
  }

  /** Models with a price that began after `since` and not later than `until`. */
  async modelsWithNewPrice(manager: EntityManager, since: Date, until: Date): Promise<string[]> {
    const found = await rows<{ model_id: string }>(
      manager,
      `SELECT DISTINCT endpoint.model_id FROM price JOIN endpoint ON endpoint.id = price.endpoint_id
        WHERE price.valid_from > $1 AND price.valid_from <= $2`,
      [since, until],
    );
    return found.map((row) => row.model_id);
  }
}
