import type { CompletionRequest } from '@switchyard/contracts';
import { usageOf } from '@switchyard/contracts';
import { dialectOf } from '@switchyard/protocols';
import { conversationOf, pinKey, secretOf } from './conversation.js';
import { IDLE_MS, LONG_CACHE_IDLE_MS, idleMsOf, reasonToStay } from './lesson.js';
import { PinStore } from './pin-store.js';

const secret = secretOf('a pepper of this deployment');
const parse = (body: object): CompletionRequest =>
  dialectOf('openai-chat').parseRequest({ model: 'acme/large', messages: [{ role: 'user', content: 'hi' }], ...body });
const digest = (body: object, session: string | null = null): string =>
  conversationOf(parse(body), session, secret).digest;
const turn = (role: string, content: string) => ({ role, content });

describe('which conversation a request belongs to', () => {
  const system = turn('system', 'You are kind.');
  const first = { messages: [system, turn('user', 'What is a fern?')] };

  it('is told by its first system and its first other message', () => {
    const later = { messages: [...first.messages, turn('assistant', 'A plant.'), turn('user', 'And moss?')] };
    expect(digest(later)).toBe(digest(first));
    expect(digest({ messages: [system, turn('user', 'What is moss?')] })).not.toBe(digest(first));
    expect(digest({ messages: [turn('system', 'You are curt.'), turn('user', 'What is a fern?')] })).not.toBe(
      digest(first),
    );
    const seen = (url: string) => ({
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }],
    });
    expect(digest(seen('https://a.example/1.png'))).not.toBe(digest(seen('https://a.example/2.png')));
  });

  it('is told by prompt_cache_key before that, and by the session before both', () => {
    expect(digest({ ...first, prompt_cache_key: 'k' })).toBe(digest({ prompt_cache_key: 'k' }));
    expect(digest({ ...first, prompt_cache_key: 'k' }, 's')).toBe(digest({}, 's'));
    expect(digest({}, 's')).not.toBe(digest({ prompt_cache_key: 's' }));
  });

  it('is a digest under the deployment’s secret, apart for each account and model, and a legal key', () => {
    const conversation = conversationOf(parse(first), null, secret);
    const key = (account: string, model: string) => pinKey(conversation, account, model, secret);
    const keys = [key('a', 'm'), key('b', 'm'), key('a', 'n')];
    expect(new Set(keys).size).toBe(3);
    for (const one of keys) expect(one).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(conversationOf(parse(first), null, secretOf('another pepper')).digest).not.toBe(conversation.digest);
  });
});

describe('whether a conversation should stay', () => {
  const price = { version: 'v1', prompt: 10n, completion: 10n, cacheRead: 1n };
  const usage = (fields: object = {}) => usageOf({ source: 'reported', inputTokens: 5, ...fields });
  const why = (fields: Partial<Parameters<typeof reasonToStay>[0]>) =>
    reasonToStay({ named: false, usage: usage(), price, sealed: false, ...fields });

  it('is after a hit or a write of a cache that costs less than the prompt', () => {
    expect(why({ usage: usage({ cacheReadTokens: 1 }) })).toBe('cache');
    expect(why({ usage: usage({ cacheWrite1hTokens: 1 }) })).toBe('cache');
    expect(why({})).toBeNull();
    const { cacheRead: _cacheRead, ...plain } = price;
    expect(why({ usage: usage({ cacheReadTokens: 1 }), price: plain })).toBeNull();
    expect(why({ usage: usage({ cacheReadTokens: 1 }), price: { ...price, cacheRead: 10n } })).toBeNull();
  });

  it('is after the first success of a session, and for reasoning that was made there', () => {
    expect(why({ named: true })).toBe('session');
    expect(why({ sealed: true })).toBe('reasoning');
    expect(why({ usage: usage({ reasoningTokens: 9 }) })).toBe('reasoning');
  });

  it('holds for 10 minutes, or as long as the longest cache that was asked for', () => {
    expect(idleMsOf(parse({}))).toBe(IDLE_MS);
    expect(idleMsOf(parse({ cache_control: { type: 'ephemeral', ttl: '5m' } }))).toBe(IDLE_MS);
    const part = { type: 'text', text: 'hi', cache_control: { type: 'ephemeral', ttl: '1h' } };
    expect(idleMsOf(parse({ messages: [{ role: 'user', content: [part] }] }))).toBe(LONG_CACHE_IDLE_MS);
  });

  it('C 50: ends after its idle time', () => {
    let nowMs = 0;
    const store = new PinStore(() => nowMs);
    const pin = { endpointId: 'a', modelId: 'm', why: 'cache' as const, idleMs: 1_000, writtenAtMs: 5 };
    store.put('k', pin);
    nowMs = 999;
    expect(store.get('k')).toBe(pin);
    nowMs = 1_000;
    expect(store.get('k')).toBeNull();
    store.learn('k', pin, 400);
    nowMs = 1_599;
    expect(store.get('k')).toBe(pin);
    store.learn('k', { ...pin, endpointId: 'old', writtenAtMs: 4 }, 0);
    expect(store.get('k')?.endpointId).toBe('a');
    nowMs = 1_600;
    expect(store.get('k')).toBeNull();
  });
});
