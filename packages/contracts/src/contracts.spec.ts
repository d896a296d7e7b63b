import { z } from 'zod';
import * as contracts from './index.js';

interface Named {
  readonly kind: string;
  readonly subject: string;
}

const isContract = (value: unknown): value is Named & Record<string, unknown> =>
  typeof value === 'object' && value !== null && 'subject' in value && 'kind' in value;

const toJson = (schema: z.ZodType): unknown =>
  z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => void delete jsonSchema.$schema,
  });

const exported: [string, unknown][] = Object.entries(contracts);
const served = exported.filter((entry): entry is [string, Named & Record<string, unknown>] => isContract(entry[1]));

describe('contracts', () => {
  it('have subjects of the agreed form, each used once', () => {
    const subjects = served.map(([, { subject }]) => subject);
    expect(new Set(subjects).size).toBe(subjects.length);
    for (const subject of subjects) expect(subject).toMatch(/^[a-z]+\.v\d+\.(rpc|event)\.[a-z]+\.[a-z]+$/);
  });

  // A changed snapshot is a changed promise: within a major version only optional fields and new contracts may appear.
  it.each(served)('%s has not changed on the wire', (_name, contract) => {
    const schemas =
      contract.kind === 'rpc'
        ? { request: contract['request'], reply: contract['reply'] }
        : { payload: contract['payload'] };
    const json = Object.fromEntries(
      Object.entries(schemas).map(([part, schema]) => [part, toJson(schema as z.ZodType)]),
    );
    expect({ subject: contract.subject, ...json }).toMatchSnapshot();
  });

  it.each([
    ['AttemptCall', contracts.AttemptCall],
    ['AttemptHead', contracts.AttemptHead],
    ['AttemptEnd', contracts.AttemptEnd],
    ['AttemptFailure', contracts.AttemptFailure],
    ['UsageEvent', contracts.UsageEvent],
    ['CatalogueModel', contracts.CatalogueModel],
    ['EndpointHealth', contracts.EndpointHealth],
    ['EndpointHistory', contracts.EndpointHistory],
    ['KeyChange', contracts.KeyChange],
    ['StickyPin', contracts.StickyPin],
  ] as const)('%s has not changed on the wire', (_name, schema) => {
    expect(toJson(schema)).toMatchSnapshot();
  });
});

describe('escapeKey', () => {
  it.each([
    ['openai/gpt-4.1', 'openai/gpt-4.1'],
    ['a/b:free', 'a/b=3afree'],
    ['~author/x=y', '=7eauthor/x=3dy'],
    ['.a..b.', '=2ea=2e.b=2e'],
    ['a>b*c d', 'a=3eb=2ac=20d'],
  ])('makes a legal key of %j', (text, key) => {
    expect(contracts.escapeKey(text)).toBe(key);
  });
});
