import { Injectable } from '@nestjs/common';
import type { CatalogueModel } from '@switchyard/contracts';
import { CatalogueRepository, type CatalogueTransaction, type StoredModel } from '../catalogue/catalogue.repository.js';
import { faultsOf } from '../catalogue/model-faults.js';
import type { ModelSource } from '../catalogue/model.entity.js';
import { sameButVersions } from '../catalogue/same-model.js';
import type { AssembledData, AssembledModel } from './assemble.js';
import { DataError } from './data-error.js';

export interface SeedOptions {
  readonly source: Extract<ModelSource, 'data' | 'local'>;
  /** Takes tenfold jumps of prices as meant. */
  readonly force?: boolean;
}

export interface SeedResult {
  readonly written: number;
  readonly unchanged: number;
  readonly removed: number;
  /** Models that an operator changed: the data leaves them alone. */
  readonly kept: number;
}

/** Brings the catalogue to what data files say. */
@Injectable()
export class SeedService {
  constructor(private readonly catalogue: CatalogueRepository) {}

  /**
   * All or nothing, in one transaction; the same data again changes no row. Models of the same source that the data no longer
   * names are removed.
   * @throws DataError with file and path of every fault; the catalogue is then as it was.
   */
  seed(data: AssembledData, { source, force = false }: SeedOptions): Promise<SeedResult> {
    return this.catalogue.inTransaction(async (manager) => {
      const stored = new Map((await this.catalogue.load(manager)).map((model) => [model.model.id, model]));
      const mine = data.models.filter(({ model }) => belongsTo(stored.get(model.id), source));
      const faults = mine.flatMap((wanted) => faultTexts(wanted, stored.get(wanted.model.id)?.model ?? null, force));
      if (faults.length > 0) throw new DataError(faults);
      await this.catalogue.name(manager, data.authors, data.providers);
      const changed = mine.filter(({ model }) => !isStored(stored.get(model.id), model));
      for (const wanted of changed) await this.write(manager, wanted, source);
      const removed = await this.removeOthers(manager, [...stored.values()], data, source);
      return {
        written: changed.length,
        unchanged: mine.length - changed.length,
        removed,
        kept: data.models.length - mine.length,
      };
    });
  }

  private async write(
    manager: CatalogueTransaction,
    { model, date }: AssembledModel,
    source: ModelSource,
  ): Promise<void> {
    await this.catalogue.put(manager, model, {
      source,
      validFrom: null,
      firstValidFrom: new Date(date),
      ignoreVersions: true,
    });
  }

  private async removeOthers(
    manager: CatalogueTransaction,
    stored: readonly StoredModel[],
    data: AssembledData,
    source: ModelSource,
  ): Promise<number> {
    const named = new Set(data.models.map(({ model }) => model.id));
    const gone = stored.filter((one) => one.source === source && !one.removed && !named.has(one.model.id));
    for (const { model } of gone) await this.catalogue.remove(manager, model.id, source);
    return gone.length;
  }
}

const belongsTo = (stored: StoredModel | undefined, source: ModelSource): boolean =>
  stored === undefined || stored.source === source;

const isStored = (stored: StoredModel | undefined, wanted: CatalogueModel): boolean =>
  stored !== undefined && !stored.removed && sameButVersions(stored.model, wanted);

function faultTexts(
  { model, free, places }: AssembledModel,
  previous: CatalogueModel | null,
  force: boolean,
): string[] {
  const faults = faultsOf(model, { previous, force, isFree: (endpoint) => free.has(endpoint.id) });
  return faults.map(({ path, message }) => {
    const match = /^endpoints\[(\d+)\](.*)$/.exec(path);
    const place = match ? `${places[Number(match[1])]}${match[2]}` : `models ${model.id}: ${path}`;
    return `${place}: ${message}`;
  });
}
