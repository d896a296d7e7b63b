/**
 * A Map for values that stay a moment, thousands in a second. V8 keeps a Map or Set in a table that points to its successor when it is
 * replaced, and to all that was in it then. Once such a table is old, it and all its successors stay until a full collection, and
 * everything that ever passed through with them: the young generation, whose cost is what survives, costs ten times as much. Here
 * only an empty cell and the key survive. Order and iteration are those of a Map.
 */
export class TransientMap<Key extends string | number, Value> {
  readonly #cells = new Map<Key, { value: Value | undefined }>();

  get size(): number {
    return this.#cells.size;
  }

  get(key: Key): Value | undefined {
    return this.#cells.get(key)?.value;
  }

  set(key: Key, value: Value): void {
    const cell = this.#cells.get(key);
    if (cell) cell.value = value;
    else this.#cells.set(key, { value });
  }

  /** Whether there was one. */
  delete(key: Key): boolean {
    const cell = this.#cells.get(key);
    if (!cell) return false;
    cell.value = undefined;
    return this.#cells.delete(key);
  }

  *values(): Generator<Value, undefined, undefined> {
    for (const { value } of this.#cells.values()) if (value !== undefined) yield value;
  }

  *[Symbol.iterator](): Generator<[Key, Value], undefined, undefined> {
    for (const [key, { value }] of this.#cells) if (value !== undefined) yield [key, value];
  }
}
