import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { applyQuirks, basePathOf, completeBaseUrl, joinUrl, providers } from './index.js';
import type { Provider } from './index.js';

const table = [...providers.values()];
const provider = (id: string): Provider => {
  const found = providers.get(id);
  if (!found) throw new Error(`no provider ${id}`);
  return found;
};
const SELF_HOSTED = ['local', 'sandbox'];

describe('the table of providers', () => {
  it('has one file per provider, named after its id', () => {
    const folder = fileURLToPath(new URL('./providers', import.meta.url));
    const files = readdirSync(folder).map((name) => name.replace(/\.ts$/, ''));
    expect(files.toSorted()).toEqual(table.map(({ id }) => id).toSorted());
  });

  it('has unique ids that fit subjects and variables', () => {
    expect(new Set(table.map(({ baseUrlVariable }) => baseUrlVariable)).size).toBe(table.length);
    for (const { id, baseUrlVariable, apiKeyVariable } of table) {
      expect(id).toMatch(/^[a-z0-9][a-z0-9-]{0,62}$/);
      expect([baseUrlVariable, apiKeyVariable]).toEqual([
        expect.stringMatching(/^[A-Z0-9_]+_BASE_URL$/),
        expect.stringMatching(/^[A-Z0-9_]+_API_KEY$/),
      ]);
    }
  });

  it.each(table.map((each) => [each.id, each] as const))('reaches %s over https, without credentials', (id, each) => {
    if (SELF_HOSTED.includes(id)) return expect(each).toMatchObject({ baseUrl: null, keyRequired: false });
    const url = new URL(each.baseUrl ?? '');
    expect([url.protocol, url.username, url.search, url.hash]).toEqual(['https:', '', '', '']);
    expect(each.baseUrl?.endsWith('/')).toBe(false);
    expect(each.keyRequired).toBe(true);
  });

  it.each(table.map((each) => [each.id, each] as const))('says where and when the rules of %s were read', (_, each) => {
    expect(each.source.date).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect(each.source.url).toMatch(/^(https:\/\/|packages\/)/);
  });

  it('knows who stops billing when a stream is cancelled', () => {
    const stops = table.filter((each) => each.stopsBillingOnAbort).map(({ id }) => id);
    expect(stops.toSorted()).toEqual(
      ['anthropic', 'azure', 'deepseek', 'fireworks', 'local', 'openai', 'sandbox', 'together', 'xai'].toSorted(),
    );
  });

  it('puts the key where each provider wants it, in lower-case headers', () => {
    expect(provider('openai').authorize('k')).toEqual({ authorization: 'Bearer k' });
    expect(provider('anthropic').authorize('k')).toEqual({ 'x-api-key': 'k', 'anthropic-version': '2023-06-01' });
    expect(provider('azure').authorize('k')).toEqual({ 'api-key': 'k' });
    expect(provider('google').authorize('k')).toEqual({ 'x-goog-api-key': 'k' });
  });
});

describe('quirks', () => {
  const request = (body: Record<string, unknown>) => ({ path: '/chat/completions', body });

  it('renames a field, and keeps one that has the new name already', () => {
    expect(applyQuirks(provider('openai'), request({ max_tokens: 5 })).body).toEqual({ max_completion_tokens: 5 });
    const both = { max_tokens: 5, max_completion_tokens: 7 };
    expect(applyQuirks(provider('openai'), request(both)).body).toEqual({ max_completion_tokens: 7 });
  });

  it('leaves out what a provider refuses', () => {
    const body = { model: 'm', stream: true, stream_options: { include_usage: true }, seed: 3 };
    expect(applyQuirks(provider('mistral'), request(body)).body).toEqual({ model: 'm', stream: true, random_seed: 3 });
  });

  it('adds what a provider needs, unless the caller said otherwise', () => {
    expect(applyQuirks(provider('openrouter'), request({})).body).toEqual({ usage: { include: true } });
    expect(applyQuirks(provider('openrouter'), request({ usage: 1 })).body).toEqual({ usage: 1 });
  });

  it('does not change the request that it was given', () => {
    const before = request({ max_tokens: 5 });
    applyQuirks(provider('openai'), before);
    expect(before.body).toEqual({ max_tokens: 5 });
  });
});

describe('joining URLs', () => {
  it.each([
    ['https://api.openai.com/v1', '/chat/completions', 'https://api.openai.com/v1/chat/completions'],
    ['https://api.openai.com/v1/', '/chat/completions', 'https://api.openai.com/v1/chat/completions'],
    [
      'http://127.0.0.1:9/replay/openai/v1',
      '/chat/completions',
      'http://127.0.0.1:9/replay/openai/v1/chat/completions',
    ],
    ['https://host', '/messages', 'https://host/messages'],
    [
      'https://host/a',
      '/models/m:streamGenerateContent?alt=sse',
      'https://host/a/models/m:streamGenerateContent?alt=sse',
    ],
  ])('%s and %s', (base, path, url) => {
    expect(joinUrl(base, path)).toBe(url);
  });

  it('finds the path of a further protocol, and says when there is none', () => {
    expect(basePathOf(provider('sandbox'), 'gemini')).toBe('');
    expect(basePathOf(provider('openai'), 'openai-chat')).toBe('');
    expect(basePathOf(provider('openai'), 'openai-responses')).toBe('');
    expect(basePathOf(provider('openai'), 'gemini')).toBeNull();
  });
});

describe('a configured base URL', () => {
  it.each([
    ['anthropic', 'https://proxy.example', 'https://proxy.example/v1'],
    ['google', 'http://127.0.0.1:9/', 'http://127.0.0.1:9/v1beta'],
    ['azure', 'https://mine.services.ai.azure.com', 'https://mine.services.ai.azure.com/openai/v1'],
    ['groq', 'https://proxy.example', 'https://proxy.example/openai/v1'],
    ['local', 'http://127.0.0.1:11434', 'http://127.0.0.1:11434/v1'],
    ['openai', 'https://proxy.example/team/openai', 'https://proxy.example/team/openai'],
  ])('of %s, %s, is completed only when it is a bare origin', (id, configured, expected) => {
    expect(completeBaseUrl(providers.get(id)!, configured)).toBe(expected);
  });
});
