import { randomBytes } from 'node:crypto';
import { MAX_VAULT_PART_BYTES } from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { MAX_CONTENT_BYTES, VaultService } from './vault.service.js';

describe('what an account lets be kept', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let bare: RunningEdge;
  const call = (secret: string, method: string, path: string, body?: unknown, at = edge) =>
    fetch(`${at.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${secret}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const dataOf = async (response: Response) => ((await response.json()) as { data: Record<string, unknown> }).data;

  beforeAll(async () => {
    stack = await SmallStack.start();
    await stack.worker('acme');
    await stack.put(aModel({ id: 'acme/large', endpoints: [anEndpoint({ tag: 'acme' })] }));
    edge = await stack.edge();
    bare = await stack.edge({ VAULT_SECRET: '', EDGE_ID: 'bare' });
    await stack.knows(edge, 1);
  }, 60_000);
  afterAll(() => stack.stop(), 60_000);

  it('is said with its keys, and nothing as long as nothing is said', async () => {
    const { secret } = stack.customer(1, { kind: 'management' });
    const made = await dataOf(await call(secret, 'POST', '/keys', { name: 'A key' }));
    expect(made).toMatchObject({ cache_enabled: null, cache_ttl_seconds: null, store_responses: false });
    const kept = { cache_enabled: true, cache_ttl_seconds: 60, store_responses: true };
    const path = `/keys/${String(made['hash'])}`;
    expect(await dataOf(await call(secret, 'PATCH', path, kept))).toMatchObject(kept);
    expect(await dataOf(await call(secret, 'GET', path))).toMatchObject(kept);
    expect(await dataOf(await call(secret, 'POST', '/keys', { name: 'Another', ...kept }))).toMatchObject(kept);
    for (const wrong of [{ cache_ttl_seconds: 0 }, { cache_ttl_seconds: 86_401 }, { cache_enabled: 'yes' }])
      expect((await call(secret, 'PATCH', path, wrong)).status).toBe(400);
  });

  it('cannot be switched on where there is no secret to seal it with, and can be switched off', async () => {
    const { secret } = stack.customer(1, { kind: 'management' });
    const made = await dataOf(await call(secret, 'POST', '/keys', { name: 'A key' }));
    const path = `/keys/${String(made['hash'])}`;
    for (const on of [{ cache_enabled: true }, { store_responses: true }]) {
      for (const response of [
        await call(secret, 'PATCH', path, on, bare),
        await call(secret, 'POST', '/keys', { name: 'Another', ...on }, bare),
      ]) {
        expect(response.status).toBe(400);
        const { message, metadata } = await errorOfResponse(response);
        expect(metadata['code']).toBe('storage_not_configured');
        expect(message).toContain('VAULT_SECRET');
      }
    }
    const off = { cache_enabled: false, store_responses: false, name: 'Renamed' };
    expect(await dataOf(await call(secret, 'PATCH', path, off, bare))).toMatchObject(off);
    expect((await call(secret, 'GET', '/storage', undefined, bare)).status).toBe(400);
  });

  it('is not called kept when a part of it is gone before the last one comes', async () => {
    const vault = edge.app.get(VaultService, { strict: false });
    const tenant = { accountId: crypto.randomUUID(), kind: 'response', keyId: null } as const;
    const place = { ...tenant, address: vault.address(tenant, ['one']) };
    const twoParts = randomBytes(MAX_VAULT_PART_BYTES + 1);
    await expect(vault.put(place, twoParts, 60)).resolves.toBe(true);
    stack.vault.crowded = true;
    await expect(vault.put(place, twoParts, 60)).resolves.toBe(false);
    stack.vault.crowded = false;
  });

  it('is given up while a slow vault has more than enough to take in', async () => {
    const vault = edge.app.get(VaultService, { strict: false });
    const tenant = { accountId: crypto.randomUUID(), kind: 'answer', keyId: null } as const;
    const put = (name: string) =>
      vault.put({ ...tenant, address: vault.address(tenant, [name]) }, Buffer.alloc(MAX_CONTENT_BYTES), 60);
    const { promise, resolve } = Promise.withResolvers<void>();
    stack.vault.busy = promise;
    const waiting = [put('one'), put('two')];
    await expect(put('three')).resolves.toBe(false);
    resolve();
    await expect(Promise.all(waiting)).resolves.toEqual([true, true]);
    // Sixty-four megabytes may take longer than an answer of the vault is waited for, where this process has no processor.
    await waitUntil(() => put('three').catch(() => false), { what: 'the third' });
  });

  it('can be seen as numbers and be erased, of the own account alone', async () => {
    const { secret, key } = stack.customer(1, { kind: 'management' });
    const own = stack.customer(1, { accountId: key.accountId }).secret;
    const foreign = stack.customer(1, { kind: 'management' }).secret;
    const body = { model: 'acme/large', messages: [{ role: 'user', content: 'Hello?' }] };
    const ask = () =>
      postJson(`${edge.url}/api/v1/chat/completions`, own, body, { headers: { 'x-openrouter-cache': 'true' } });
    await (await ask()).text();
    const room = async () => dataOf(await call(secret, 'GET', '/storage'));
    await waitUntil(async () => ((await room())['cached_answers'] as { entries: number }).entries === 1, {
      what: 'the cached answer',
    });
    expect(await room()).toEqual({
      cached_answers: { entries: 1, bytes: expect.any(Number) },
      stored_responses: { entries: 0, bytes: 0 },
      limit_bytes: 1_000_000,
    });
    expect(await dataOf(await call(foreign, 'DELETE', '/storage'))).toEqual({ erased: 0 });
    expect((await call(own, 'DELETE', '/storage')).status).toBe(403);
    expect(await dataOf(await call(secret, 'DELETE', '/storage'))).toEqual({ erased: 1 });
    expect((await ask()).headers.get('x-openrouter-cache-status')).toBe('MISS');
  });
});
