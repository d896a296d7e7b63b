import { CatalogueEndpoint } from '@switchyard/contracts';
import type { z } from 'zod';

/** As many as a provider has models, several times over. */
const MAX_KNOWN = 10_000;

interface Known {
  readonly wire: unknown;
  readonly endpoint: CatalogueEndpoint;
}

/**
 * The endpoints of earlier calls, as they came and as they were read: most of a call is its endpoint, and a worker sees the same few all day.
 * One that differs in anything, a price of it for example, is read anew.
 */
export class KnownEndpoints {
  private readonly known = new Map<string, Known>();

  /** The endpoint of a call: the same object as long as it says the same. */
  read(wire: unknown): z.ZodSafeParseResult<CatalogueEndpoint> {
    const id = (wire as { readonly id?: unknown } | null | undefined)?.id;
    const known = typeof id === 'string' ? this.known.get(id) : undefined;
    if (known && isSameJson(known.wire, wire)) return { success: true, data: known.endpoint };
    const result = CatalogueEndpoint.safeParse(wire);
    if (!result.success) return result;
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(result.data.id, { wire, endpoint: result.data });
    return result;
  }
}

/** Whether two values read from JSON are the same, the order of keys included: one writer writes them in one order. */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other))
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((value, index) => isSameJson(value, other[index]))
    );
  const names = Object.keys(one);
  const others = Object.keys(other);
  return (
    names.length === others.length &&
    names.every(
      (name, index) =>
        name === others[index] &&
        isSameJson((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]),
    )
  );
}
