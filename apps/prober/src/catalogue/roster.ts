/** Which endpoints every model has, as far as the catalogue told. */
export class Roster {
  private readonly models = new Map<string, { readonly modelId: string; readonly endpointIds: readonly string[] }>();
  private readonly counts = new Map<string, number>();
  private readonly endpointIds = new Map<string, number>();

  /** `key` is the key of the catalogue entry. */
  put(key: string, modelId: string, endpointIds: readonly string[]): void {
    this.remove(key);
    this.models.set(key, { modelId, endpointIds });
    this.counts.set(modelId, endpointIds.length);
    for (const id of endpointIds) this.endpointIds.set(id, (this.endpointIds.get(id) ?? 0) + 1);
  }

  remove(key: string): void {
    const model = this.models.get(key);
    if (!model) return;
    this.models.delete(key);
    this.counts.delete(model.modelId);
    for (const id of model.endpointIds) {
      const left = (this.endpointIds.get(id) ?? 0) - 1;
      if (left > 0) this.endpointIds.set(id, left);
      else this.endpointIds.delete(id);
    }
  }

  keys(): readonly string[] {
    return [...this.models.keys()];
  }

  /** How many endpoints a model has; 0 for one that is not known. */
  endpointsOf(modelId: string): number {
    return this.counts.get(modelId) ?? 0;
  }

  /** Whether an endpoint exists. While nothing is known of the catalogue everything may exist. */
  mayHave(endpointId: string): boolean {
    return this.models.size === 0 || this.endpointIds.has(endpointId);
  }
}
