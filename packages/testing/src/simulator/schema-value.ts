const MAX_DEPTH = 8;

type Schema = Readonly<Record<string, unknown>>;

/**
 * A value that is valid for a JSON Schema: the smallest one that follows from `const`, `enum`, `default`, `type`, bounds,
 * formats, required and named properties, `anyOf`/`oneOf`/`allOf` and local `$ref`. `hint` fills free strings.
 */
export function valueFor(schema: unknown, hint: string): unknown {
  return build(schema, { root: asSchema(schema), hint, depth: 0 });
}

interface Site {
  readonly root: Schema;
  readonly hint: string;
  readonly depth: number;
}

const asSchema = (value: unknown): Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Schema) : {};

function build(raw: unknown, site: Site): unknown {
  const schema = resolve(asSchema(raw), site.root);
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum']) && schema['enum'].length > 0) return schema['enum'][0] as unknown;
  if ('default' in schema) return schema['default'];
  const alternatives = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(alternatives) && alternatives.length > 0) return build(alternatives[0], deeper(site));
  if (Array.isArray(schema['allOf'])) return build(merge(schema, schema['allOf'], site), deeper(site));
  return BUILDERS[typeOf(schema)]?.(schema, site) ?? null;
}

const deeper = (site: Site): Site => ({ ...site, depth: site.depth + 1 });

const BUILDERS: Readonly<Record<string, (schema: Schema, site: Site) => unknown>> = {
  object: objectFor,
  array: arrayFor,
  string: stringFor,
  integer: (schema) => Math.ceil(numberFor(schema)),
  number: numberFor,
  boolean: () => true,
};

/** Gemini writes types in capitals; a list of types means any of them. */
function typeOf(schema: Schema): string {
  const type: unknown = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  if (typeof type === 'string') return type.toLowerCase();
  if ('properties' in schema) return 'object';
  return 'items' in schema ? 'array' : 'string';
}

function objectFor(schema: Schema, site: Site): Record<string, unknown> {
  const properties = asSchema(schema['properties']);
  const required = new Set(Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : []);
  // Optional parts of a schema that refers to itself would never end.
  const names = Object.keys(properties).filter((name) => required.has(name) || site.depth < MAX_DEPTH / 2);
  if (site.depth > MAX_DEPTH) return {};
  return Object.fromEntries(names.map((name) => [name, build(properties[name], deeper(site))]));
}

function arrayFor(schema: Schema, site: Site): unknown[] {
  const least = typeof schema['minItems'] === 'number' ? schema['minItems'] : 1;
  const length = site.depth > MAX_DEPTH ? 0 : Math.min(least, 100);
  return Array.from({ length }, () => build(schema['items'], deeper(site)));
}

const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
  time: '00:00:00Z',
  email: 'sandbox@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
  ipv4: '192.0.2.1',
};

function stringFor(schema: Schema, site: Site): string {
  const formatted = typeof schema['format'] === 'string' ? FORMATS[schema['format']] : undefined;
  if (formatted !== undefined) return formatted;
  const least = typeof schema['minLength'] === 'number' ? schema['minLength'] : 0;
  const most = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : 64;
  return (site.hint || 'sandbox').slice(0, Math.min(most, 64)).padEnd(least, 'x');
}

function numberFor(schema: Schema): number {
  const { minimum, exclusiveMinimum, maximum } = schema;
  if (typeof minimum === 'number') return minimum;
  if (typeof exclusiveMinimum === 'number') return exclusiveMinimum + 1;
  return typeof maximum === 'number' ? Math.min(1, maximum) : 1;
}

function resolve(schema: Schema, root: Schema): Schema {
  const reference = schema['$ref'];
  if (typeof reference !== 'string' || !reference.startsWith('#')) return schema;
  const path = reference.split('/').slice(1);
  return path.reduce<Schema>((at, name) => asSchema(at[name.replaceAll('~1', '/').replaceAll('~0', '~')]), root);
}

function merge(schema: Schema, parts: readonly unknown[], site: Site): Schema {
  const { allOf: _, ...own } = schema;
  return parts
    .map((part) => resolve(asSchema(part), site.root))
    .reduce<Schema>(
      (all, part) => ({
        ...all,
        ...part,
        properties: { ...asSchema(all['properties']), ...asSchema(part['properties']) },
        required: [...listOf(all['required']), ...listOf(part['required'])],
      }),
      own,
    );
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
