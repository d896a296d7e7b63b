import { isRecord } from '../json.js';

/** Schemas come from customers and are run in processes that serve everybody, so the work for one is limited. */
const MAX_STEPS = 20_000;
const MAX_DEPTH = 64;

class GaveUp extends Error {}

/**
 * Whether arguments of a tool fit its schema: the parts of JSON Schema Draft 7 that say what is certainly wrong. What cannot be
 * told (unknown keywords, references elsewhere, too much work) counts as fitting, as a schema that does not compile does (spec 3.5).
 * Regular expressions are never run: they are the customer's, and the text is whatever a prompt made a model write.
 */
export function fitsSchema(schema: unknown, value: unknown): boolean {
  const check = new SchemaCheck(schema);
  try {
    return check.fits(schema, value, 0);
  } catch (error) {
    if (error instanceof GaveUp) return true;
    throw error;
  }
}

class SchemaCheck {
  private steps = 0;

  constructor(private readonly root: unknown) {}

  fits(schema: unknown, value: unknown, depth: number): boolean {
    this.steps += 1;
    if (this.steps > MAX_STEPS || depth > MAX_DEPTH) throw new GaveUp();
    if (schema === false) return false;
    if (!isRecord(schema)) return true;
    // In Draft 7 a reference stands alone.
    if (typeof schema['$ref'] === 'string') return this.fits(this.resolve(schema['$ref']), value, depth + 1);
    return (
      fitsType(schema['type'], value) &&
      this.fitsConstants(schema, value) &&
      fitsBounds(schema, value) &&
      this.fitsProperties(schema, value, depth) &&
      this.fitsItems(schema, value, depth) &&
      this.fitsCombinations(schema, value, depth)
    );
  }

  private resolve(reference: string): unknown {
    if (!reference.startsWith('#')) return true;
    let found: unknown = this.root;
    for (const part of reference.slice(1).split('/').slice(1)) {
      if (!isRecord(found)) return true;
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      found = Object.hasOwn(found, name) ? found[name] : true;
    }
    return found;
  }

  private fitsConstants(schema: Record<string, unknown>, value: unknown): boolean {
    const { enum: allowed } = schema;
    if ('const' in schema && !this.equal(schema['const'], value)) return false;
    return !Array.isArray(allowed) || allowed.some((one) => this.equal(one, value));
  }

  private equal(left: unknown, right: unknown): boolean {
    this.steps += 1;
    if (this.steps > MAX_STEPS) throw new GaveUp();
    if (Array.isArray(left) && Array.isArray(right))
      return left.length === right.length && left.every((one, index) => this.equal(one, right[index]));
    if (!isRecord(left) || !isRecord(right)) return left === right;
    const names = Object.keys(left);
    return (
      names.length === Object.keys(right).length &&
      names.every((name) => Object.hasOwn(right, name) && this.equal(left[name], right[name]))
    );
  }

  private fitsProperties(schema: Record<string, unknown>, value: unknown, depth: number): boolean {
    if (!isRecord(value)) return true;
    const { required, properties, patternProperties, additionalProperties } = schema;
    if (Array.isArray(required) && required.some((name) => typeof name === 'string' && !Object.hasOwn(value, name)))
      return false;
    const known = isRecord(properties) ? properties : {};
    // Which names a pattern takes is not looked at, so with patterns none is additional.
    const rest = isRecord(patternProperties) ? undefined : additionalProperties;
    return Object.entries(value).every(([name, one]) =>
      this.fits(Object.hasOwn(known, name) ? known[name] : rest, one, depth + 1),
    );
  }

  private fitsItems(schema: Record<string, unknown>, value: unknown, depth: number): boolean {
    if (!Array.isArray(value)) return true;
    const { items, additionalItems } = schema;
    return value.every((one, index) => {
      const own = !Array.isArray(items) ? items : index < items.length ? (items[index] as unknown) : additionalItems;
      return this.fits(own, one, depth + 1);
    });
  }

  private fitsCombinations(schema: Record<string, unknown>, value: unknown, depth: number): boolean {
    const fits = (one: unknown): boolean => this.fits(one, value, depth + 1);
    const { allOf, anyOf, oneOf, not } = schema;
    if (Array.isArray(allOf) && !allOf.every(fits)) return false;
    if (Array.isArray(anyOf) && anyOf.length > 0 && !anyOf.some(fits)) return false;
    // More than one that fits may be the work of keywords that are not looked at here, so it is no fault.
    if (Array.isArray(oneOf) && oneOf.length > 0 && !oneOf.some(fits)) return false;
    // For the same reason only the plainest negation says anything.
    return !(isRecord(not) && Object.keys(not).length === 1 && 'const' in not && this.equal(not['const'], value));
  }
}

function fitsType(type: unknown, value: unknown): boolean {
  const types = Array.isArray(type) ? type : [type];
  const known = types.filter((one): one is string => typeof one === 'string');
  return known.length === 0 || known.some((one) => isOfType(one, value));
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'object':
      return isRecord(value);
    case 'array':
      return Array.isArray(value);
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
    default:
      return true;
  }
}

/** Limits by name, the quantity of a value that each is about, and the direction. */
const BOUNDS: readonly (readonly [
  string,
  (value: unknown) => number | undefined,
  (actual: number, bound: number) => boolean,
])[] = [
  ['minimum', (value) => numberOf(value), (actual, bound) => actual >= bound],
  ['maximum', (value) => numberOf(value), (actual, bound) => actual <= bound],
  ['exclusiveMinimum', (value) => numberOf(value), (actual, bound) => actual > bound],
  ['exclusiveMaximum', (value) => numberOf(value), (actual, bound) => actual < bound],
  ['minLength', (value) => charactersOf(value), (actual, bound) => actual >= bound],
  ['maxLength', (value) => charactersOf(value), (actual, bound) => actual <= bound],
  ['minItems', (value) => itemsOf(value), (actual, bound) => actual >= bound],
  ['maxItems', (value) => itemsOf(value), (actual, bound) => actual <= bound],
  ['minProperties', (value) => namesOf(value), (actual, bound) => actual >= bound],
  ['maxProperties', (value) => namesOf(value), (actual, bound) => actual <= bound],
];

function fitsBounds(schema: Record<string, unknown>, value: unknown): boolean {
  return BOUNDS.every(([name, quantityOf, holds]) => {
    const bound = schema[name];
    const actual = typeof bound === 'number' ? quantityOf(value) : undefined;
    return actual === undefined || holds(actual, bound as number);
  });
}

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
/** JSON Schema counts code points: the second half of a pair is not one. */
const charactersOf = (value: unknown): number | undefined =>
  typeof value === 'string' ? value.length - (value.match(/[\uDC00-\uDFFF]/g)?.length ?? 0) : undefined;
const itemsOf = (value: unknown): number | undefined => (Array.isArray(value) ? value.length : undefined);
const namesOf = (value: unknown): number | undefined => (isRecord(value) ? Object.keys(value).length : undefined);
