import { arrayOf, isRecord } from '../json.js';
import type { JsonRecord } from '../json.js';

/** What Claude's structured output refuses; a model reads it in a description instead (…/build-with-claude/structured-outputs). */
const UNSUPPORTED = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
] as const;

/** Keywords whose values are schemas by name, and those whose value is one schema or a list of them. */
const NAMED = ['properties', '$defs', 'definitions'] as const;
const NESTED = ['items', 'anyOf', 'oneOf', 'allOf'] as const;

/**
 * The caller's JSON Schema as Claude takes it: objects are closed, and limits that it cannot enforce become words. What they forbid
 * may therefore come, as from any model that is only told.
 */
export function renderSchema(schema: JsonRecord): JsonRecord {
  const rendered: JsonRecord = { ...schema };
  const told = UNSUPPORTED.filter((keyword) => keyword in rendered).map((keyword) => {
    const words = `${keyword}: ${JSON.stringify(rendered[keyword])}`;
    delete rendered[keyword];
    return words;
  });
  if (typeof rendered['minItems'] === 'number' && rendered['minItems'] > 1) {
    told.push(`minItems: ${rendered['minItems']}`);
    delete rendered['minItems'];
  }
  if (told.length > 0)
    rendered['description'] = [rendered['description'], `(${told.join(', ')})`].filter(Boolean).join(' ');
  if (isObject(rendered)) rendered['additionalProperties'] = false;
  for (const keyword of NAMED)
    if (isRecord(rendered[keyword]))
      rendered[keyword] = Object.fromEntries(
        Object.entries(rendered[keyword]).map(([name, value]) => [name, nested(value)]),
      );
  for (const keyword of NESTED)
    if (keyword in rendered)
      rendered[keyword] = Array.isArray(rendered[keyword]) ? rendered[keyword].map(nested) : nested(rendered[keyword]);
  return rendered;
}

const nested = (value: unknown): unknown => (isRecord(value) ? renderSchema(value) : value);

const isObject = (schema: JsonRecord): boolean =>
  schema['type'] === 'object' || arrayOf(schema['type']).includes('object') || isRecord(schema['properties']);
