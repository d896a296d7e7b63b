import { StreamClient } from '@switchyard/bus';
import { waitUntil } from '@switchyard/testing';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { eventsOf, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import { begin, delta, speak } from '../testing/small-worker.js';

describe('an edge that is told to stop', () => {
  let stack: SmallStack;

  beforeAll(async () => {
    stack = await SmallStack.start();
    await stack.worker('acme');
    await stack.put(aModel({ id: 'acme/large', endpoints: [anEndpoint({ tag: 'acme', maxCompletionTokens: 1_000 })] }));
  }, 60_000);
  afterAll(() => stack.stop(), 60_000);

  const body = { model: 'acme/large', messages: [{ role: 'user', content: 'hi' }], stream: true };

  it('lets streams finish, takes no new connection, and gives back every lease', async () => {
    const edge = await stack.edge({ EDGE_ID: 'leaving' });
    await stack.knows(edge, 1);
    const { secret, key } = stack.customer(1);
    stack.workers.get('acme')!.script = (scene) => speak(scene, ['a', 'b', 'c', 'd'], 150);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => postJson(`${edge.url}/v1/chat/completions`, secret, body)),
    );
    const drained = stack.drain(edge);
    await waitUntil(
      () =>
        fetch(`${edge.url}/v1/models`).then(
          () => false,
          () => true,
        ),
      { what: 'the closed door' },
    );
    for (const answer of answers) {
      const { events, done } = eventsOf(await answer.text());
      expect(done).toBe(true);
      expect(events).toHaveLength(6);
    }
    expect(await drained).toEqual([]);
    const account = stack.ledger.accounts.get(key.accountId)!;
    await waitUntil(() => account.deposited === account.available + account.spent, { what: 'the lease' });
    expect(account.spent).toBe(5n * 14_000n);
  }, 30_000);

  it('loses no stream when the broker restarts', async () => {
    const edge = await stack.edge({ EDGE_ID: 'resuming' });
    await stack.knows(edge, 1);
    const { secret } = stack.customer(1);
    const words = Array.from({ length: 40 }, (_, index) => `w${index} `);
    stack.workers.get('acme')!.script = (scene) => speak(scene, words, 50);
    const answer = await postJson(`${edge.url}/v1/chat/completions`, secret, body);
    await stack.nats.kill9();
    await stack.nats.start();
    const { events, done } = eventsOf(await answer.text());
    const text = events.map(
      (event) => (event['choices'] as { delta?: { content?: string } }[])[0]?.delta?.content ?? '',
    );
    expect(text.join('')).toBe(words.join(''));
    expect(done).toBe(true);
  }, 30_000);

  it('publishes usage itself when a stream is lost and its worker cannot tell any more', async () => {
    const edge = await stack.edge({ EDGE_ID: 'witness' });
    await stack.knows(edge, 1);
    const { secret } = stack.customer(1);
    stack.workers.get('acme')!.script = async (scene) => {
      begin(scene);
      await scene.context.write(delta(scene.call, 'Half'));
      await new Promise(() => undefined);
    };
    const answer = await postJson(`${edge.url}/v1/chat/completions`, secret, body);
    const id = answer.headers.get('x-generation-id')!;
    await edge.app.get(StreamClient, { strict: false }).close();
    const { events, done } = eventsOf(await answer.text());
    expect(done).toBe(true);
    expect(events.at(-1)).toMatchObject({ choices: [{ finish_reason: 'error' }] });
    await waitUntil(() => stack.ledger.usage.has(id), { what: 'the usage of the edge' });
    expect(stack.ledger.usage.get(id)).toMatchObject({ witness: 'edge', outcome: 'insured' });
  }, 30_000);
});
