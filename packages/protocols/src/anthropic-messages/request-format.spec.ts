import { renderSchema } from './request-format.js';

describe('a JSON Schema for Claude', () => {
  it('closes every object', () => {
    expect(
      renderSchema({
        type: 'object',
        properties: { a: { type: 'array', items: { type: 'object', properties: {} } } },
        $defs: { d: { type: ['object', 'null'] } },
        anyOf: [{ properties: {} }],
      }),
    ).toEqual({
      type: 'object',
      additionalProperties: false,
      properties: { a: { type: 'array', items: { type: 'object', properties: {}, additionalProperties: false } } },
      $defs: { d: { type: ['object', 'null'], additionalProperties: false } },
      anyOf: [{ properties: {}, additionalProperties: false }],
    });
  });

  it('says limits that it cannot enforce in words, and keeps properties that are named like them', () => {
    expect(
      renderSchema({
        type: 'object',
        properties: {
          minimum: { type: 'integer', minimum: 1, maximum: 9, description: 'Least.' },
          list: { type: 'array', minItems: 2, items: { type: 'string', maxLength: 5 } },
          one: { type: 'array', minItems: 1 },
        },
      }),
    ).toEqual({
      type: 'object',
      additionalProperties: false,
      properties: {
        minimum: { type: 'integer', description: 'Least. (minimum: 1, maximum: 9)' },
        list: {
          type: 'array',
          description: '(minItems: 2)',
          items: { type: 'string', description: '(maxLength: 5)' },
        },
        one: { type: 'array', minItems: 1 },
      },
    });
  });

  it('leaves the schema of the caller as it was', () => {
    const schema = { type: 'object', properties: { a: { minimum: 1 } } };
    renderSchema(schema);
    expect(schema).toEqual({ type: 'object', properties: { a: { minimum: 1 } } });
  });
});
