import type { z } from 'zod';
import { define } from '../../json.js';
import type { JsonRecord } from '../../json.js';

/**
 * `null` means absent everywhere in this dialect: clients fill in nulls for what they do not set. The null stays in the parsed
 * value, because turning it into `undefined` here would make zod several times slower; readers use `??` and {@link present}.
 */
export const optional = <Schema extends z.ZodType>(schema: Schema) => schema.nullish();

/** Leaves out what is `null` or `undefined`. */
export function present(record: JsonRecord): JsonRecord {
  const kept: JsonRecord = {};
  for (const name of Object.keys(record)) {
    const value = record[name];
    if (value !== undefined && value !== null) define(kept, name, value);
  }
  return kept;
}

export const MAX_PARTS = 10_000;
export const MAX_NAME_LENGTH = 256;
