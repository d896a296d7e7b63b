import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { applyQuirks, basePathOf, completeBaseUrl, joinUrl, providers } from './index.js';
import type { Provider } from './index.js';
import { CANCELLATION_SOURCE } from './sources.js';

const table = [...providers.values()];
const provider = (id: string): Provider => {
  const found = providers.get(id);
  if (!found) throw new Error(`no provider ${id}`);
  return found;
};
const SELF_HOSTED = ['local', 'ollama', 'sandbox'];
const OLLAMA = 'http://127.0.0.1:11434/api';

/** Those of the public list's supported providers that there are here. */
const LISTED_AS_STOPPING = [
  'openai',
  'azure',
  'anthropic',
  'fireworks',
  'novita',
  'deepinfra',
  'together',
  'cohere',
  'hyperbolic',
  'avian',
  'xai',
  'cloudflare',
  'friendli',
  'chutes',
  'deepseek',
];

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
        // AWS has given its key another name.
        id === 'amazon-bedrock' ? 'AWS_BEARER_TOKEN_BEDROCK' : expect.stringMatching(/^[A-Z0-9_]+_API_KEY$/),
      ]);
    }
  });

  it.each(table.map((each) => [each.id, each] as const))('reaches %s over https, without credentials', (id, each) => {
    if (SELF_HOSTED.includes(id))
      return expect(each).toMatchObject({ baseUrl: id === 'ollama' ? OLLAMA : null, keyRequired: false });
    const url = new URL(each.baseUrl ?? '');
    expect([url.protocol, url.username, url.search, url.hash]).toEqual(['https:', '', '', '']);
    expect(each.baseUrl?.endsWith('/')).toBe(false);
    expect(each.keyRequired).toBe(true);
  });

  it.each(table.map((each) => [each.id, each] as const))('says where and when the rules of %s were read', (_, each) => {
    expect(each.source.date).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect(each.source.url).toMatch(/^(https:\/\/|packages\/)/);
  });

  it('is larger than forty', () => {
    expect(table.filter(({ id }) => !SELF_HOSTED.includes(id)).length).toBeGreaterThanOrEqual(40);
  });

  it('says of each provider on the public list what the list says, and of no other that it stops billing', () => {
    const own = table.filter(({ source }) => source.url !== CANCELLATION_SOURCE.url);
    for (const { id, stopsBillingOnAbort } of table.filter((each) => !own.includes(each)))
      expect({ id, stopsBillingOnAbort }).toEqual({ id, stopsBillingOnAbort: LISTED_AS_STOPPING.includes(id) });
    expect(own.filter((each) => each.stopsBillingOnAbort && !SELF_HOSTED.includes(each.id))).toEqual([]);
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

  it.each([
    ['z-ai', 'high', { thinking: { type: 'enabled' } }],
    ['z-ai', 'none', { thinking: { type: 'disabled' } }],
    ['alibaba', 'low', { enable_thinking: true }],
    ['alibaba', 'none', { enable_thinking: false }],
    ['alibaba', undefined, {}],
  ])('tells %s with its own switch to think as %s says', (id, effort, expected) => {
    const body = effort === undefined ? {} : { reasoning_effort: effort };
    expect(applyQuirks(provider(id), request(body)).body).toEqual(expected);
  });

  it('goes to the path that a provider has for the one of its protocol, and to no other', () => {
    expect(applyQuirks(provider('writer'), request({ model: 'm' }))).toEqual({ path: '/chat', body: { model: 'm' } });
    expect(applyQuirks(provider('writer'), { path: '/embeddings', body: {} }).path).toBe('/embeddings');
  });

  it('keeps a switch that the caller has thrown', () => {
    const body = { enable_thinking: false, reasoning_effort: 'high' };
    expect(applyQuirks(provider('alibaba'), request(body)).body).toEqual({ enable_thinking: false });
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
    ['ollama', 'http://10.0.0.7:11434', 'http://10.0.0.7:11434/api'],
    ['openai', 'https://proxy.example/team/openai', 'https://proxy.example/team/openai'],
  ])('of %s, %s, is completed only when it is a bare origin', (id, configured, expected) => {
    expect(completeBaseUrl(providers.get(id)!, configured)).toBe(expected);
  });
});
