import { ByteRing } from './byte-ring.js';

const put = (ring: ByteRing, key: string, text: string): boolean => {
  const room = ring.reserve(key, Buffer.byteLength(text));
  room?.write(text);
  return room !== null;
};
const get = (ring: ByteRing, key: string): string | undefined => ring.get(key)?.toString();

describe('a ring of bytes', () => {
  it('keeps values until newer ones take their place, a slab at a time', () => {
    const ring = new ByteRing(32, 3);
    // With its length each takes half a slab.
    const keys = Array.from({ length: 7 }, (_, number) => `key ${number}`);
    for (const key of keys.slice(0, 6)) put(ring, key, `${key} value`);
    expect(ring.size).toBe(6);
    for (const key of keys.slice(0, 6)) expect(get(ring, key)).toBe(`${key} value`);
    put(ring, keys[6]!, 'new');
    expect(keys.map((key) => get(ring, key))).toEqual([
      undefined,
      undefined,
      ...keys.slice(2, 6).map((key) => `${key} value`),
      'new',
    ]);
    expect(ring.size).toBe(5);
  });

  it('takes a value as large as a slab, and none that is larger', () => {
    const ring = new ByteRing(32, 2);
    expect(put(ring, 'whole', 'x'.repeat(28))).toBe(true);
    expect(put(ring, 'more', 'x'.repeat(29))).toBe(false);
    expect(get(ring, 'whole')).toBe('x'.repeat(28));
    expect(get(ring, 'more')).toBeUndefined();
    expect(put(ring, 'nothing', '')).toBe(true);
    expect(get(ring, 'nothing')).toBe('');
  });

  it('answers what was put last, however often it went round', () => {
    const ring = new ByteRing(1_000, 4);
    const values = new Map<string, string>();
    let seed = 7;
    for (let number = 0; number < 5_000; number += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      const value = `${number}`.padEnd(seed % 700, 'é');
      values.set(`${number}`, value);
      expect(put(ring, `${number}`, value)).toBe(Buffer.byteLength(value) <= 996);
    }
    let kept = 0;
    for (const [key, value] of values) {
      const found = get(ring, key);
      if (found === undefined) continue;
      kept += 1;
      expect(found).toBe(value);
    }
    expect(kept).toBe(ring.size);
    // At least three slabs of four hold values of at most 700 letters, two bytes each.
    expect(kept).toBeGreaterThan(3);
  });
});
