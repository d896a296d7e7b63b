import { Injectable } from '@nestjs/common';
import { transaction } from '@switchyard/database';
import { DataSource, In } from 'typeorm';
import { KeyChangeEntity } from './key-change.entity.js';

@Injectable()
export class ChangesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The oldest changes that the edges have not been told. */
  pending(limit: number): Promise<KeyChangeEntity[]> {
    return transaction(this.dataSource, { idempotent: true }, (manager) =>
      manager.find(KeyChangeEntity, { order: { id: 'ASC' }, take: limit }),
    );
  }

  async forget(changes: readonly KeyChangeEntity[]): Promise<void> {
    await transaction(this.dataSource, { idempotent: true }, (manager) =>
      manager.delete(KeyChangeEntity, { id: In(changes.map((change) => change.id)) }),
    );
  }
}
