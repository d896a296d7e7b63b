import { cacheWishOf } from './cache-wish.js';

const unset = { cacheEnabled: null, cacheTtlSeconds: null };
const on = { 'x-openrouter-cache': 'true' };

describe('the wish for the response cache', () => {
  it.each([
    // The key, the header, and whether the cache is for the request.
    [null, undefined, false],
    [null, 'false', false],
    [null, 'true', true],
    [null, 'TRUE', true],
    [null, 'yes', false],
    [true, undefined, true],
    [true, 'false', false],
    [true, 'true', true],
    [true, 'yes', true],
    [false, undefined, false],
    [false, 'true', false],
    [undefined, 'true', true],
    [undefined, undefined, false],
  ])('of a key that says %s and a header that says %s is %s', (cacheEnabled, header, expected) => {
    const key = cacheEnabled === undefined ? {} : { cacheEnabled };
    const headers = header === undefined ? {} : { 'x-openrouter-cache': header };
    expect(cacheWishOf(headers, key) !== null).toBe(expected);
  });

  it.each([
    [undefined, 300],
    ['60', 60],
    ['60abc', 60],
    ['1.5', 1],
    ['0', 1],
    ['-5', 1],
    ['86400', 86_400],
    ['86401', 86_400],
    ['9e9', 9],
    ['junk', 300],
    ['', 300],
  ])('reads a life of %s as %s seconds', (header, expected) => {
    const headers = header === undefined ? on : { ...on, 'x-openrouter-cache-ttl': header };
    expect(cacheWishOf(headers, unset)?.ttlSeconds).toBe(expected);
  });

  it('takes the life that the key has when the request names none', () => {
    const key = { cacheEnabled: true, cacheTtlSeconds: 40 };
    expect(cacheWishOf({}, key)?.ttlSeconds).toBe(40);
    expect(cacheWishOf({ 'x-openrouter-cache-ttl': 'junk' }, key)?.ttlSeconds).toBe(40);
    expect(cacheWishOf({ 'x-openrouter-cache-ttl': '7' }, key)?.ttlSeconds).toBe(7);
  });

  it('is none where nothing may be retained, by the settings of the workspace or of the key', () => {
    const policy = (provider: Record<string, unknown>) => ({
      defaultModel: null,
      allowedModels: null,
      ignoredModels: [],
      provider,
    });
    const [zdr, other] = [policy({ zdr: true }), policy({ zdr: false })];
    expect(cacheWishOf(on, { cacheEnabled: true, routing: { workspace: zdr, key: null } })).toBeNull();
    expect(cacheWishOf(on, { cacheEnabled: true, routing: { workspace: null, key: zdr } })).toBeNull();
    expect(cacheWishOf(on, { routing: { workspace: other, key: other } })).not.toBeNull();
  });

  it('clears and waits only where it is told to', () => {
    expect(cacheWishOf(on, unset)).toMatchObject({ clear: false, coalesce: false });
    const all = { ...on, 'x-openrouter-cache-clear': 'true', 'x-switchyard-cache-coalesce': 'true' };
    expect(cacheWishOf(all, unset)).toMatchObject({ clear: true, coalesce: true });
    expect(cacheWishOf({ ...all, 'x-openrouter-cache-clear': '1' }, unset)).toMatchObject({ clear: false });
  });
});
