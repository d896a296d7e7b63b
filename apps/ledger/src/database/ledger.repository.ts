import { Injectable } from '@nestjs/common';
import { query } from '@switchyard/database';
import { DataSource } from 'typeorm';
import { asRefusal } from './refusals.js';

/** Calls of the ledger's SQL functions and reads of its tables: the rights of the service's role allow nothing else. */
@Injectable()
export class LedgerRepository {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Rows of one statement. Every function of the ledger is idempotent by its ids, so after a lost connection it is simply called again.
   * @throws GatewayError `not_found`, `conflict`, `invalid_request` for what a function refused, `service_unavailable` without PostgreSQL.
   */
  async call<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    try {
      return await query<Row>(this.dataSource, { idempotent: true }, sql, parameters);
    } catch (error) {
      throw asRefusal(error);
    }
  }

  /** The one row of a statement that always has one. */
  async one<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<Row> {
    const [row] = await this.call<Row>(sql, parameters);
    if (!row) throw new TypeError('the statement answered no row');
    return row;
  }
}
