import { fitsSchema } from './schema-check.js';

const CITY = {
  type: 'object',
  properties: {
    city: { type: 'string', minLength: 2 },
    days: { type: 'integer', minimum: 1, exclusiveMaximum: 15 },
    unit: { enum: ['c', 'f'] },
    stops: { type: 'array', items: { $ref: '#/definitions/stop' }, maxItems: 2 },
  },
  required: ['city'],
  additionalProperties: false,
  definitions: { stop: { type: 'object', required: ['at'] } },
};

describe('the check of tool arguments', () => {
  it.each([
    { city: 'Bern' },
    { city: 'Bern', days: 14, unit: 'c', stops: [{ at: 1 }, { at: null }] },
    { city: '𝒃𝒆', days: 1 },
  ])('takes %j', (value) => expect(fitsSchema(CITY, value)).toBe(true));

  it.each([
    {},
    { city: 7 },
    { city: 'B' },
    { city: '𝒃' },
    { city: 'Bern', days: 1.5 },
    { city: 'Bern', days: 0 },
    { city: 'Bern', days: 15 },
    { city: 'Bern', unit: 'k' },
    { city: 'Bern', other: 1 },
    { city: 'Bern', stops: [{}] },
    { city: 'Bern', stops: [{ at: 1 }, { at: 1 }, { at: 1 }] },
  ])('refuses %j', (value) => expect(fitsSchema(CITY, value)).toBe(false));

  it.each([
    ['anyOf', { anyOf: [{ type: 'string' }, { type: 'null' }] }, null, true],
    ['anyOf', { anyOf: [{ type: 'string' }, { type: 'null' }] }, 1, false],
    ['oneOf', { oneOf: [{ const: 1 }, { const: { a: [1] } }] }, { a: [1] }, true],
    ['oneOf', { oneOf: [{ const: 1 }, { const: { a: [1] } }] }, { a: [2] }, false],
    ['allOf', { allOf: [{ minimum: 1 }, { maximum: 2 }] }, 3, false],
    ['several types', { type: ['string', 'null'] }, 1, false],
    ['a tuple', { items: [{ type: 'string' }], additionalItems: false }, ['a', 1], false],
    ['false', false, 1, false],
  ])('knows %s', (_what, schema, value, fits) => expect(fitsSchema(schema, value)).toBe(fits));

  it.each([
    ['no schema', undefined],
    ['a schema that is none', 'string'],
    ['unknown keywords', { frobnicate: 3, type: 'thing' }],
    ['references elsewhere', { $ref: 'https://example.com/schema' }],
    ['references to nothing', { $ref: '#/definitions/none' }],
    ['regular expressions, which are never run', { properties: { a: { pattern: '(x+x+)+y' } } }],
  ])('counts %s as fitting', (_what, schema) => expect(fitsSchema(schema, { a: 'x'.repeat(60) })).toBe(true));

  it('gives up on schemas that would take for ever', () => {
    const definitions: Record<string, unknown> = { d0: { type: 'object' } };
    for (let level = 1; level <= 40; level += 1) {
      const below = { $ref: `#/definitions/d${level - 1}` };
      definitions[`d${level}`] = { allOf: [below, below] };
    }
    expect(fitsSchema({ definitions, $ref: '#/definitions/d40' }, {})).toBe(true);
    expect(fitsSchema({ $ref: '#' }, {})).toBe(true);
  });
});
