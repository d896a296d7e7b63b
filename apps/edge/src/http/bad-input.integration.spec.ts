import { generateApiKey } from '@switchyard/contracts';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { errorOfResponse, postJson, raw, writeThenRead } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import type { SmallWorker } from '../testing/small-worker.js';

describe('bad input', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let worker: SmallWorker;
  let secret: string;

  beforeAll(async () => {
    stack = await SmallStack.start();
    worker = (await stack.worker('acme')).service;
    await stack.put(aModel({ id: 'acme/large', endpoints: [anEndpoint({ tag: 'acme', maxCompletionTokens: 1_000 })] }));
    // The clients of this spec share the event loop with the edge, and large bodies keep it busy.
    edge = await stack.edge({ MAX_LOOP_LAG_MS: '60000' });
    await stack.knows(edge, 1);
    secret = stack.customer(1).secret;
  }, 60_000);
  beforeEach(() => {
    worker.calls = [];
  });
  // Whatever is sent here, no provider is called for it.
  afterEach(() => expect(worker.calls).toHaveLength(0));
  afterAll(() => stack.stop(), 60_000);

  const url = (path = '/api/v1/chat/completions') => `${edge.url}${path}`;
  const good = { model: 'acme/large', messages: [{ role: 'user', content: 'hi' }] };
  const expectError = async (response: Response, status: number, code: string) => {
    const error = await errorOfResponse(response);
    expect({ status: response.status, code: error.metadata['code'] }).toEqual({ status, code });
    expect(error.code).toBe(status);
    expect(typeof error.metadata['error_type']).toBe('string');
    return error;
  };

  describe('in the place of a key', () => {
    it.each([
      ['no key', null, 'missing_credentials'],
      ['a foreign prefix', 'sk-or-v1-0123456789', 'invalid_key'],
      ['a broken checksum', `${generateApiKey('inference').slice(0, -6)}AAAAAA`, 'invalid_key'],
      ['SQL', "' OR '1'='1", 'invalid_key'],
      ['eight kilobytes', 'k'.repeat(8192), 'invalid_key'],
      ['a key that nobody made', generateApiKey('inference'), 'unknown_key'],
    ])('refuses %s with its own code', async (_, key, code) => {
      await expectError(await postJson(url(), key, good), 401, code);
    });

    it('tells disabled, expired and foreign kinds apart', async () => {
      const disabled = stack.customer(1, { disabled: true }).secret;
      const expired = stack.customer(1, { expiresAt: '2020-01-01T00:00:00Z' }).secret;
      const management = stack.customer(1, { kind: 'management' }).secret;
      await expectError(await postJson(url(), disabled, good), 401, 'disabled_key');
      await expectError(await postJson(url(), expired, good), 401, 'expired_key');
      await expectError(await postJson(url(), management, good), 403, 'wrong_key_kind');
      await expectError(await postJson(url('/api/v1/keys'), secret, { name: 'x' }), 403, 'wrong_key_kind');
    });

    it('refuses a key in the query, and two headers', async () => {
      await expectError(
        await postJson(url(`/api/v1/chat/completions?key=${secret}`), null, good),
        401,
        'missing_credentials',
      );
      const twice = `Authorization: Bearer ${secret}\r\n`.repeat(2);
      const body = JSON.stringify(good);
      const answer = await raw(
        edge.url,
        `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${twice}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 401/);
    });

    it('answers control characters in the header with the envelope', async () => {
      for (const value of ['Bearer a\u0000b', 'Bearer \u00c0\u00ae']) {
        const answer = await raw(
          edge.url,
          Buffer.from(
            `GET /v1/key HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${value}\r\n\r\n`,
            'latin1',
          ),
        );
        expect(answer).toMatch(/^HTTP\/1\.1 40[01]/);
        expect(answer).toContain('"error":');
      }
    });

    it('cuts a large body of an unknown caller without reading it', async () => {
      const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n{`;
      const startedMs = performance.now();
      const answer = await raw(edge.url, head, 5_000);
      expect(answer).toMatch(/^HTTP\/1\.1 401/);
      expect(answer.toLowerCase()).toContain('connection: close');
      expect(performance.now() - startedMs).toBeLessThan(4_000);
    });
  });

  describe('in the address', () => {
    it.each([
      '/v1/chat/completions/',
      '//v1//chat/completions',
      '/v1/chat%2fcompletions',
      '/V1/chat/completions',
      '/v1/./chat/x',
    ])('never lets %s round the guard', async (path) => {
      const answer = await raw(
        edge.url,
        `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 40[14]/);
      expect(answer).toContain('"error":');
    });

    it('asks for a key on an encoded spelling of a route', async () => {
      await expectError(await postJson(url('/v1/chat/%63ompletions'), null, good), 401, 'missing_credentials');
    });

    it.each(['/v1/%zz', '/v1/keys/%ff%fe', `/v1/models/${'a/'.repeat(20)}%`])(
      'answers %s, which cannot be decoded, in the envelope',
      async (path) => {
        const answer = await raw(edge.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
        expect(answer).toMatch(/^HTTP\/1\.1 400/);
        expect(answer).toContain('"error_type":"invalid_request"');
        expect(answer).not.toContain(path);
      },
    );

    it('does not let other methods in', async () => {
      const put = await fetch(url(), { method: 'PUT', headers: { authorization: `Bearer ${secret}` } });
      expect((await expectError(put, 405, 'method_not_allowed')).metadata['allowed_methods']).toEqual(['POST']);
      const head = await fetch(url('/v1/key'), { method: 'HEAD' });
      expect(head.status).toBe(401);
      const override = await fetch(url('/v1/key'), { headers: { 'x-http-method-override': 'DELETE' } });
      expect(override.status).toBe(401);
    });

    it('answers a preflight of any page, and says nothing else to it', async () => {
      const response = await fetch(url(), {
        method: 'OPTIONS',
        headers: { origin: 'https://page.test', 'access-control-request-headers': 'authorization,content-type' },
      });
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
      expect(await response.text()).toBe('');
    });

    it('answers an unknown address in the envelope', async () => {
      await expectError(await fetch(url('/api/v1/nothing')), 404, 'not_found');
      await expectError(await fetch(url('/')), 404, 'not_found');
    });
  });

  describe('in the body', () => {
    const poison = (text: string) => `{"model":"acme/large","messages":[{"role":"user","content":"hi"}],${text}}`;
    it.each([
      ['truncated JSON', '{"model":"acme/large",', 400, 'invalid_json'],
      ['nothing', ' ', 400, 'invalid_json'],
      ['bare text', 'hello', 400, 'invalid_json'],
      ['an array', '[]', 400, 'invalid_request'],
      ['NaN', poison('"max_tokens":NaN'), 400, 'invalid_json'],
      ['a hundred thousand levels', poison(`"x":${'['.repeat(100_000)}${']'.repeat(100_000)}`), 400, 'invalid_request'],
      ['too many values', poison(`"x":[${'0,'.repeat(200_000)}0]`), 400, 'invalid_request'],
      ['__proto__', poison('"__proto__":{"admin":true}'), 400, 'invalid_request'],
      ['an escaped __proto__', poison('"\\u005f_proto__":{"admin":true}'), 400, 'invalid_request'],
      ['constructor.prototype', poison('"constructor":{"prototype":{}}'), 400, 'invalid_request'],
      ['negative max_tokens', poison('"max_tokens":-1'), 400, 'invalid_request'],
      ['zero max_tokens', poison('"max_tokens":0'), 400, 'invalid_request'],
      ['huge max_tokens', poison('"max_tokens":1e308'), 400, 'invalid_request'],
      ['text as max_tokens', poison('"max_tokens":"100"'), 400, 'invalid_request'],
      ['a million choices', poison('"n":1000000'), 400, 'invalid_request'],
      ['text as stream', poison('"stream":"true"'), 400, 'invalid_request'],
      ['five stops', poison('"stop":["a","b","c","d","e"]'), 400, 'invalid_request'],
      [
        'a line break in the model',
        '{"model":"acme\\n/large","messages":[{"role":"user","content":"x"}]}',
        400,
        'invalid_model',
      ],
      ['a wildcard as model', '{"model":"acme/>","messages":[{"role":"user","content":"x"}]}', 400, 'invalid_model'],
      ['a path as model', '{"model":"../../etc","messages":[{"role":"user","content":"x"}]}', 400, 'invalid_model'],
      [
        'a look-alike model',
        '{"model":"\u0430cme/large","messages":[{"role":"user","content":"x"}]}',
        400,
        'invalid_model',
      ],
    ])('refuses %s', async (_, body, status, code) => {
      await expectError(await postJson(url(), secret, body), status, code);
    });

    it('never repeats the body in an error', async () => {
      const response = await postJson(url(), secret, '{"model":"acme/large","messages":"CANARY-7731"');
      expect(await response.text()).not.toContain('CANARY');
    });

    it('refuses what is not UTF-8', async () => {
      const response = await fetch(url(), {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(good), 'utf16le'),
      });
      await expectError(response, 400, 'invalid_json');
    });

    it('takes JSON only, and nothing compressed', async () => {
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      await expectError(await postJson(url(), secret, 'model=x', { headers: form }), 415, 'unsupported_media_type');
      const gzip = { 'content-encoding': 'gzip' };
      await expectError(await postJson(url(), secret, good, { headers: gzip }), 415, 'unsupported_media_type');
    });

    it('refuses a body that is too large, by its announcement and by its bytes', async () => {
      const management = stack.customer(1, { kind: 'management' }).secret;
      const large = { name: 'x'.repeat(1_200_000) };
      await expectError(await postJson(url('/api/v1/keys'), management, large), 413, 'payload_too_large');
      const chunks = `40000\r\n${'x'.repeat(0x40000)}\r\n`.repeat(6);
      const answer = await raw(
        edge.url,
        `POST /v1/keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${management}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 413/);
    });

    const refusal = async (key: string, bytes: number) => {
      const body = JSON.stringify({ ...good, padding: 'x'.repeat(bytes) });
      const answer = await writeThenRead(
        edge.url,
        `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      return /"code":"(\w+)"/.exec(answer)?.[1];
    };

    it('reaches clients with the refusal that read only after they have written everything', async () => {
      const disabled = stack.customer(1, { disabled: true }).secret;
      for (let round = 0; round < 5; round += 1) {
        expect(await refusal(secret, 40 * 1024 * 1024)).toBe('payload_too_large');
        expect(await refusal(disabled, 900_000)).toBe('disabled_key');
      }
    }, 60_000);

    it('closes on a known caller that never ends its body', async () => {
      const head = `POST /v1/keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
      const answer = await raw(edge.url, `${head}5\r\nhello\r\n`, 20_000);
      expect(answer).toMatch(/^HTTP\/1\.1 403/);
      expect(answer.toLowerCase()).toContain('connection: close');
    }, 30_000);

    it('refuses a request whose length is told twice', async () => {
      const answer = await raw(
        edge.url,
        `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret}\r\nContent-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400/);
      expect(answer).toContain('"error_type":"invalid_request"');
    });
  });
});
