import { Injectable } from '@nestjs/common';
import type { CatalogueModel } from '@switchyard/contracts';
import { prepareModel } from './prepare-model.js';
import type { CatalogueView, PreparedModel } from './prepared-model.js';

/** The catalogue in memory. Changes are whole models, so a reader never sees half of one. */
@Injectable()
export class CatalogueStore implements CatalogueView {
  private readonly byId = new Map<string, PreparedModel>();
  private readonly idsBySlug = new Map<string, Set<string>>();
  private sorted: readonly PreparedModel[] | null = null;
  private changes = 0;
  private complete = false;

  /** Everything that the registry had published was read: what is not here does not exist. */
  get loaded(): boolean {
    return this.complete && this.byId.size > 0;
  }

  get size(): number {
    return this.byId.size;
  }

  get revision(): number {
    return this.changes;
  }

  put(model: CatalogueModel): void {
    this.forgetSlugOf(model.id);
    this.byId.set(model.id, prepareModel(model));
    const ids = this.idsBySlug.get(model.canonicalSlug) ?? new Set<string>();
    this.idsBySlug.set(model.canonicalSlug, ids.add(model.id));
    this.changed();
  }

  remove(modelId: string): void {
    this.forgetSlugOf(modelId);
    if (this.byId.delete(modelId)) this.changed();
  }

  /** The end of the first reading; what comes later is news. */
  markLoaded(): void {
    this.complete = true;
  }

  find(modelId: string): PreparedModel | undefined {
    return this.byId.get(modelId) ?? this.findBySlug(modelId);
  }

  models(): readonly PreparedModel[] {
    this.sorted ??= [...this.byId.values()].sort((left, right) => (left.model.id < right.model.id ? -1 : 1));
    return this.sorted;
  }

  private findBySlug(slug: string): PreparedModel | undefined {
    const ids = this.idsBySlug.get(slug);
    if (!ids) return undefined;
    // `author/model` and `author/model:free` share one canonical slug, which means the model without variant.
    const [first] = [...ids].sort((left, right) => left.length - right.length || (left < right ? -1 : 1));
    return first === undefined ? undefined : this.byId.get(first);
  }

  private forgetSlugOf(modelId: string): void {
    const slug = this.byId.get(modelId)?.model.canonicalSlug;
    if (slug === undefined) return;
    const ids = this.idsBySlug.get(slug);
    ids?.delete(modelId);
    if (ids?.size === 0) this.idsBySlug.delete(slug);
  }

  private changed(): void {
    this.changes += 1;
    this.sorted = null;
  }
}
