import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StreamClient } from '@switchyard/bus';
import { payersOf } from '@switchyard/pricing';
import { ServerProcess, freePort, waitUntil } from '@switchyard/testing';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { postJson } from '../testing/http.js';
import { PEPPER } from '../testing/small-auth.js';
import { SmallStack } from '../testing/small-stack.js';

const MAIN = path.resolve(import.meta.dirname, '../../dist/main.js');
const PATIENCE = { timeoutMs: 60_000 };

/** Real processes, a real broker, and a worker that sends its last frame and dies before its usage reaches the stream. */
describe('the second witness of a usage', () => {
  let stack: SmallStack;
  let folder: string;
  const edges: ServerProcess[] = [];

  beforeAll(async () => {
    stack = await SmallStack.start();
    folder = mkdtempSync(path.join(tmpdir(), 'switchyard-edge-state-'));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(edges.map((edge) => edge.stop('SIGKILL')));
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** A worker of a provider of its own, whose usage is in the last frame and nowhere else, and a model that it alone serves. */
  async function speechless(provider: string) {
    const worker = await stack.worker(provider);
    worker.service.bill = (call, tokens) => Promise.resolve(worker.service.event(call, tokens));
    await stack.put(
      aModel({ id: `${provider}/last`, endpoints: [anEndpoint({ tag: provider, maxCompletionTokens: 100 })] }),
    );
    return worker;
  }

  /** The whole answer of a model; resolves with its generation's id when the client has the last byte. */
  async function answered(url: string, secret: string, provider: string): Promise<string> {
    const messages = [{ role: 'user', content: 'Say hello.' }];
    const body = { model: `${provider}/last`, messages, stream: true };
    let id = '';
    // An edge that has only just started may not know the key or the model yet.
    await waitUntil(
      async () => {
        const response = await postJson(`${url}/api/v1/chat/completions`, secret, body).catch(() => null);
        const text = await response?.text();
        id = (text?.includes('[DONE]') && response?.headers.get('x-generation-id')) || '';
        return response?.status === 200 && id !== '';
      },
      { what: `an answer of ${provider}`, ...PATIENCE, intervalMs: 250 },
    );
    return id;
  }

  const booked = (id: string) =>
    waitUntil(() => stack.ledger.usage.has(id), { what: `the usage of ${id}`, ...PATIENCE });

  /** Booked as the worker told it, and charged for it and nothing else. */
  function expectPaidOnce(ids: readonly string[], accountId: string): void {
    const usages = ids.map((id) => stack.ledger.usage.get(id)!);
    for (const usage of usages) expect(usage).toMatchObject({ outcome: 'final', witness: 'worker' });
    const due = usages.reduce((sum, usage) => sum + payersOf(usage).customerNanos, 0n);
    expect(due).toBeGreaterThan(0n);
    expect(stack.ledger.accounts.get(accountId)?.spent).toBe(due);
  }

  /** An edge as a process of its own, which can be killed. */
  async function spawnEdge(edgeId: string): Promise<{ edge: ServerProcess; url: string }> {
    const port = await freePort();
    const edge = new ServerProcess(process.execPath, [MAIN], {
      env: {
        PATH: process.env['PATH'] ?? '',
        NATS_URL: stack.nats.url,
        HTTP_HOST: '127.0.0.1',
        HTTP_PORT: String(port),
        EDGE_ID: edgeId,
        EDGE_STATE_DIR: folder,
        KEY_PEPPER: PEPPER,
        TICKET_SECRET: PEPPER,
        MAX_LOOP_LAG_MS: '60000',
        SHUTDOWN_DELAY_MS: '0',
      },
    });
    edges.push(edge);
    const url = `http://127.0.0.1:${port}`;
    await waitUntil(
      async () => {
        if (!edge.running) throw new Error(`the edge ended: ${edge.log.slice(-2_000)}`);
        return fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
      },
      { what: 'the edge', ...PATIENCE },
    );
    return { edge, url };
  }

  const journals = (edgeId: string) =>
    readdirSync(folder).filter((name) => name.startsWith(`${edgeId}.`) && name.endsWith('.usage'));
  const notes = (edgeId: string, id: string) =>
    journals(edgeId).some((name) => readFileSync(path.join(folder, name), 'utf8').includes(id));

  it('tells once what a worker took with it, although the broker is killed with the word in its hands', async () => {
    const worker = await speechless('dying');
    const edge = await stack.edge({ EDGE_ID: 'living' });
    await stack.knows(edge, 1);
    const { secret, key } = stack.customer(1);
    const id = await answered(edge.url, secret, 'dying');
    // Frozen at once the broker takes what is written to it, and the kill throws that away.
    const spoken = Promise.withResolvers<void>();
    edge.app.get(StreamClient, { strict: false }).onWorkerGone((gone) => {
      if (gone !== worker.service.name) return;
      stack.nats.process.signal('SIGSTOP');
      spoken.resolve();
    });
    await worker.app.close();
    await spoken.promise;
    await sleep(200);
    await stack.nats.kill9();
    expect(stack.ledger.usage.has(id)).toBe(false);
    await stack.nats.start();
    await booked(id);
    expectPaidOnce([id], key.accountId);
  }, 120_000);

  it('has a next life that tells it, when it is killed before it has spoken', async () => {
    await speechless('silent');
    const { secret, key } = stack.customer(1);
    const first = await spawnEdge('killed');
    const id = await answered(first.url, secret, 'silent');
    await waitUntil(() => notes('killed', id), { what: 'the note', ...PATIENCE });
    await first.edge.stop('SIGKILL');
    expect(stack.ledger.usage.has(id)).toBe(false);
    const second = await spawnEdge('killed');
    await booked(id);
    const later = await answered(second.url, secret, 'silent');
    await second.edge.stop('SIGTERM', 30_000);
    await booked(later);
    expectPaidOnce([id, later], key.accountId);
    // An orderly end has said everything.
    expect(journals('killed')).toEqual([]);
  }, 180_000);

  it('notes at an orderly end what it could not say, because the broker is away', async () => {
    await speechless('quiet');
    const { secret, key } = stack.customer(1);
    const first = await spawnEdge('leaving');
    const id = await answered(first.url, secret, 'quiet');
    await stack.nats.kill9();
    await first.edge.stop('SIGTERM', 60_000);
    expect(notes('leaving', id)).toBe(true);
    await stack.nats.start();
    await spawnEdge('leaving');
    await booked(id);
    expectPaidOnce([id], key.accountId);
  }, 180_000);
});
