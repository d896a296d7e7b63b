import { readFileSync } from 'node:fs';
import { ERRORS } from './error-list.js';
import { ERROR_CODES, GatewayError } from './errors.js';

/** Statuses that OpenRouter documents for its endpoints, so that its clients map them to typed errors; and 501 for what is switched off here. */
const DOCUMENTED = [400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 429, 499, 500, 501, 502, 503, 524, 529];

describe('the closed list of errors', () => {
  it.each(ERROR_CODES)('%s has a documented status and a message that is a sentence', (code) => {
    expect(DOCUMENTED).toContain(ERRORS[code].status);
    expect(ERRORS[code].message.length).toBeGreaterThan(10);
  });

  it('is the list of the documentation', () => {
    const page = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
    const documented = [...page.matchAll(/^\| `([a-z_]+)`\s*\| (\d+)\s*\| `([a-z_]+)`/gm)].map(
      ([, code, status, type]) => [code, Number(status), type],
    );
    expect(documented).toEqual(ERROR_CODES.map((code) => [code, ERRORS[code].status, ERRORS[code].type]));
  });

  it('crosses the bus unchanged', () => {
    const error = new GatewayError('insufficient_credits', {
      message: 'Too poor.',
      metadata: { limit_source: 'credits' },
      retryAfterMs: 5,
    });
    const copy = GatewayError.fromWire(JSON.parse(JSON.stringify(error.toWire())));
    expect(copy.toWire()).toEqual(error.toWire());
  });

  it.each([null, 7, 'text', {}, { code: 'made_up' }, { code: 'toString' }])(
    'reads %j from the bus as internal',
    (value) => {
      expect(GatewayError.fromWire(value).code).toBe('internal');
    },
  );

  it('ignores fields of the wrong type', () => {
    const error = GatewayError.fromWire({ code: 'not_found', message: 5, metadata: 'x', retryAfterMs: '1' });
    expect(error.toWire()).toEqual(new GatewayError('not_found').toWire());
  });
});
