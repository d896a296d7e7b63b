import { arrayOf, isRecord } from '../../json.js';
import type { JsonRecord } from '../../json.js';

const MAX_DEPTH = 64;
/** Places whose members are named by the caller, so that their keys are no keywords. */
const NAMED = new Set(['properties', '$defs', 'definitions']);

/**
 * Google's schemas (a subset of OpenAPI 3.0) as JSON Schema: types in small letters, `nullable` as a type of its own. What is
 * JSON Schema already comes out as it went in.
 */
export function jsonSchemaOf(schema: unknown, depth = 0): unknown {
  if (!isRecord(schema) || depth > MAX_DEPTH) return schema;
  const { nullable, ...rest } = schema;
  const result: JsonRecord = {};
  for (const [key, value] of Object.entries(rest)) result[key] = memberOf(key, value, depth);
  if (nullable === true && typeof result['type'] === 'string') result['type'] = [result['type'], 'null'];
  return result;
}

function memberOf(key: string, value: unknown, depth: number): unknown {
  if (key === 'type' && typeof value === 'string') return value.toLowerCase();
  if (NAMED.has(key) && isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, jsonSchemaOf(member, depth + 1)]));
  if (key === 'items' || key === 'additionalProperties' || key === 'not') return jsonSchemaOf(value, depth + 1);
  if (key === 'anyOf' || key === 'oneOf' || key === 'allOf')
    return arrayOf(value).map((member) => jsonSchemaOf(member, depth + 1));
  return value;
}
