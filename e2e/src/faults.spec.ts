import OpenAI from 'openai';
import { waitUntil } from '@switchyard/testing';
import {
  as,
  availableNanos,
  booksAtRest,
  costNanos,
  START_TIMEOUT_MS,
  startTestStack,
  type TestStack,
} from './test-stack.js';

const say = (text: string) => [{ role: 'user' as const, content: text }];

describe('when processes die', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack({ workers: 2 });
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  /** All leases returned and applied: what is left is available. */
  const settled = async () => {
    const { body } = await stack.api('/audit');
    return as<unknown[]>(body['data']!['violations']).length === 0;
  };

  const bothWorkers = () =>
    waitUntil(() => stack.workers('sandbox').length === 2, { what: 'both workers run', timeoutMs: 30_000 });

  it('serves from another worker when one is killed before the first token', async () => {
    await bothWorkers();
    await booksAtRest(stack);
    const before = await availableNanos(stack);
    const sandbox = stack.processes.find(({ name }) => name === 'sandbox-upstream')!;
    const book = async () => {
      const response = await fetch(`${stack.sandboxUrl}/_control/book`);
      return ((await response.json()) as { entries: { endedAtMs: number | null }[] }).entries;
    };
    expect(sandbox.pid).not.toBeNull();
    const open = (await book()).length;
    const answer = stack.client.chat.completions.create({
      model: 'sandbox/echo',
      messages: say('wait [[fault: delay ms=3000]]'),
    });
    await waitUntil(async () => (await book()).length > open, { what: 'the upstream is called' });
    const [first] = stack.workers('sandbox');
    // One of the two has the call; killing both in turn is not wanted, so the one that holds it is found by its connections.
    const holder = await findHolder(stack);
    process.kill(holder ?? first!.pid, 'SIGKILL');
    const completion = await answer;
    expect(completion.choices[0]?.message.content).toContain('wait');
    await waitUntil(
      async () => (await stack.api(`/generation?id=${completion.id}`, { key: stack.account.apiKey })).status === 200,
      { what: 'the record is there' },
    );
    const { body } = await stack.api(`/generation?id=${completion.id}`, { key: stack.account.apiKey });
    expect(body['data']!['attempts']!.length).toBeGreaterThanOrEqual(2);
    const { cost } = completion.usage as unknown as { cost: number };
    await waitUntil(async () => before - (await availableNanos(stack)) === costNanos(cost), {
      what: 'only the answer is paid',
    });
  }, 60_000);

  it('ends with a typed error event, not billed, when the worker is killed in mid-stream', async () => {
    await bothWorkers();
    await waitUntil(settled, { what: 'the books are clean' });
    await booksAtRest(stack);
    const before = await availableNanos(stack);
    const stream = await stack.client.chat.completions.create({
      model: 'sandbox/echo',
      messages: say('go on [[fault: tokens=2000 tps=50]]'),
      stream: true,
    });
    let chunks = 0;
    let failure: unknown;
    try {
      for await (const chunk of stream) {
        if (!chunk.choices[0]?.delta.content) continue;
        chunks += 1;
        if (chunks === 3) process.kill((await findHolder(stack)) ?? 0, 'SIGKILL');
      }
    } catch (error) {
      failure = error;
    }
    expect(chunks).toBeGreaterThanOrEqual(3);
    expect(failure).toBeInstanceOf(OpenAI.APIError);
    expect((failure as InstanceType<typeof OpenAI.APIError>).code).toBe(502);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await availableNanos(stack)).toBe(before);
    expect(await settled()).toBe(true);
  }, 60_000);

  it('carries 20 streams byte-exact through a kill -9 and restart of nats-server', async () => {
    await bothWorkers();
    const texts = Array.from({ length: 20 }, (_, index) => `stream number ${index}`);
    const read = async (text: string, onText?: () => void) => {
      const stream = await stack.client.chat.completions.create({
        model: 'sandbox/echo',
        messages: say(`${text} [[fault: tokens=200 tps=40]]`),
        stream: true,
      });
      let all = '';
      for await (const chunk of stream) {
        all += chunk.choices[0]?.delta.content ?? '';
        if (all) onText?.();
      }
      return all;
    };
    const expected = await Promise.all(texts.map((text) => read(text)));
    const speaking = new Set<string>();
    const running = Promise.all(texts.map((text) => read(text, () => speaking.add(text))));
    await waitUntil(() => speaking.size === 20, { what: 'all streams speak', timeoutMs: 20_000 });
    const broker = stack.services().find(({ name }) => name === 'nats-server')!;
    process.kill(broker.pid, 'SIGKILL');
    const actual = await running;
    expect(actual).toEqual(expected);
    expect(stack.services().find(({ name }) => name === 'nats-server')?.pid).not.toBe(broker.pid);
    await waitUntil(settled, { what: 'the books are clean', timeoutMs: 30_000 });
  }, 120_000);

  it('closes the upstream within a second when the client goes away, and bills what was made', async () => {
    await bothWorkers();
    const controller = new AbortController();
    const stream = await stack.client.chat.completions.create(
      { model: 'sandbox/echo', messages: say('long story [[fault: tokens=5000 tps=50]]'), stream: true },
      { signal: controller.signal },
    );
    let id = '';
    let chunks = 0;
    try {
      for await (const chunk of stream) {
        id = chunk.id;
        chunks += 1;
        if (chunks === 5) controller.abort();
      }
    } catch (error) {
      expect(error).toBeInstanceOf(OpenAI.APIUserAbortError);
    }
    const abortedAtMs = Date.now();
    interface Entry {
      readonly aborted: boolean;
      readonly abortedAtMs: number | null;
    }
    const last = async () =>
      ((await (await fetch(`${stack.sandboxUrl}/_control/book`)).json()) as { entries: Entry[] }).entries.at(-1);
    await waitUntil(async () => (await last())?.aborted === true, { what: 'the upstream sees the abort' });
    expect(((await last())?.abortedAtMs ?? Infinity) - abortedAtMs).toBeLessThan(1_000);
    await waitUntil(
      async () => (await stack.api(`/generation?id=${id}`, { key: stack.account.apiKey })).status === 200,
      { what: 'the record is there' },
    );
    const { body } = await stack.api(`/generation?id=${id}`, { key: stack.account.apiKey });
    expect(body['data']).toMatchObject({ cancelled: true });
    expect(body['data']!['total_cost']).toBeGreaterThan(0);
  }, 60_000);
});

/** The worker of the sandbox that has a running stream, by its own metrics. */
async function findHolder(stack: TestStack): Promise<number | null> {
  for (const { name, pid } of stack.workers('sandbox')) {
    const url = stack.processes.find((managed) => managed.name === name)?.definition.url;
    const metrics = await fetch(`${url}/metrics`)
      .then((response) => response.text())
      .catch(() => '');
    if (/^switchyard_streams_in_flight(?:\{[^}]*\})? [1-9]/m.test(metrics)) return pid;
  }
  return null;
}
