import { randomUUID } from 'node:crypto';
import { Sealer } from './sealer.js';
import type { PartPlace } from './sealer.js';

const SECRET = 'Zk7vQ2mX9tR4wB6nL1pD8sF3hJ5gC0aY';
const place: PartPlace = {
  accountId: randomUUID(),
  kind: 'answer',
  keyId: randomUUID(),
  address: 'ab'.repeat(32),
  entryId: randomUUID(),
  number: 0,
  parts: 2,
};
const plain = Buffer.from('a question and its answer');

describe('a sealer', () => {
  const sealer = new Sealer(SECRET);

  it('opens what it sealed, in another process too, and nothing can be read of it meanwhile', () => {
    const sealed = sealer.seal(place, plain);
    expect(new Sealer(SECRET).open(place, sealed)).toEqual(plain);
    expect(sealed.includes('question')).toBe(false);
    expect(sealer.seal(place, plain)).not.toEqual(sealed);
    expect(sealer.open(place, sealer.seal(place, Buffer.alloc(0)))).toEqual(Buffer.alloc(0));
  });

  it.each([
    ['another account', { accountId: randomUUID() }],
    ['another key of the account', { keyId: randomUUID() }],
    ['all keys of the account', { keyId: null }],
    ['another kind', { kind: 'response' }],
    ['another address', { address: 'cd'.repeat(32) }],
    ['another writing', { entryId: randomUUID() }],
    ['another part', { number: 1 }],
    ['an entry of other length', { parts: 3 }],
  ] as const)('does not open it for %s', (_, other) => {
    expect(sealer.open({ ...place, ...other }, sealer.seal(place, plain))).toBeNull();
  });

  it('opens nothing that was changed, cut or sealed under another secret', () => {
    const sealed = sealer.seal(place, plain);
    for (let index = 0; index < sealed.byteLength; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index]! ^= 1;
      expect(sealer.open(place, changed)).toBeNull();
      expect(sealer.open(place, sealed.subarray(0, index))).toBeNull();
    }
    expect(new Sealer(SECRET.toLowerCase()).open(place, sealed)).toBeNull();
  });

  it('gives addresses that differ with the tenant, with the secret and with every part, wherever one ends', () => {
    const { kind, accountId, keyId } = place;
    const tenant = { kind, accountId, keyId };
    const addresses = [
      sealer.address(tenant, ['ab', 'c']),
      sealer.address(tenant, ['a', 'bc']),
      sealer.address(tenant, ['abc']),
      sealer.address(tenant, ['ab', 'c', '']),
      sealer.address({ ...tenant, keyId: randomUUID() }, ['ab', 'c']),
      sealer.address({ ...tenant, accountId: randomUUID() }, ['ab', 'c']),
      sealer.address({ ...tenant, kind: 'response' }, ['ab', 'c']),
      new Sealer(`${SECRET}x`).address(tenant, ['ab', 'c']),
    ];
    expect(new Set(addresses).size).toBe(addresses.length);
    for (const address of addresses) expect(address).toMatch(/^[0-9a-f]{64}$/);
    expect(new Sealer(SECRET).address(tenant, ['ab', 'c'])).toBe(addresses[0]);
  });
});
