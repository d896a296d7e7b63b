import { GatewayError } from '@switchyard/contracts';
import fc from 'fast-check';
import { MAX_JSON_DEPTH, MAX_JSON_NODES, parseJsonBody } from './json-body.js';

const parse = (text: string): unknown => parseJsonBody(Buffer.from(text));

describe('a JSON body', () => {
  it('means what JSON.parse means', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/__proto__|constructor/.test(text));
        expect(parse(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('is parsed or refused with an error of the list, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parseJsonBody(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError);
        }
      }),
    );
  });

  it('may be nested and long up to its limits', () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    expect(() => parse(nested(MAX_JSON_DEPTH))).not.toThrow();
    expect(() => parse(nested(MAX_JSON_DEPTH + 1))).toThrow(/nested deeper/);
    const list = (values: number) => `[${Array.from({ length: values }, () => '1').join(',')}]`;
    expect(() => parse(list(MAX_JSON_NODES - 1))).not.toThrow();
    expect(() => parse(list(MAX_JSON_NODES + 1))).toThrow(/more than/);
  });

  it('does not count what stands inside strings', () => {
    const text = JSON.stringify({ text: `${'[{,"\\'.repeat(200_000)}\\` });
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it('takes `constructor` as the name of a parameter', () => {
    expect(parse('{"properties":{"constructor":{"type":"string"}}}')).toBeDefined();
  });
});
