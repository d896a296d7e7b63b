import { spawnSimulator } from './simulator.js';
import type { Simulator } from './simulator.js';
import { dataLinesOf } from './read-json.js';

let simulator: Simulator;
beforeAll(async () => (simulator = await spawnSimulator()));
afterAll(() => simulator.stop());
beforeEach(async () => {
  await simulator.clearBook();
  await simulator.clearFaults();
});

const ask = (content: string, options: { stream?: boolean; signal?: AbortSignal; model?: string } = {}) =>
  fetch(`${simulator.url}/v1/chat/completions`, {
    method: 'POST',
    redirect: 'manual',
    headers: { authorization: 'Bearer secret-key' },
    body: JSON.stringify({
      model: options.model ?? 'echo',
      stream: options.stream ?? true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content }],
    }),
    ...(options.signal && { signal: options.signal }),
  });

/** What arrived before the connection broke, and whether it broke. */
async function readAll(response: Response): Promise<{ text: string; broken: boolean }> {
  const decoder = new TextDecoder();
  let text = '';
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
    return { text, broken: false };
  } catch {
    return { text, broken: true };
  }
}
const tokensIn = (text: string) => dataLinesOf(text).filter((line) => /"content":"[^"]/.test(line)).length;

it('answers an error status with Retry-After', async () => {
  const response = await ask('x [[fault: status=429 retry_after=1]]');
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1']);
  expect(await response.text()).not.toContain('secret-key');
});

it('repeats the credentials in an error when asked', async () => {
  expect(await (await ask('x [[fault: status=401 echo_key]]')).text()).toContain('Bearer secret-key');
});

it.each(['status=400 echo_text', 'error_event after=1 echo_text', 'garbage after=1 echo_text'])(
  'repeats what was written when asked: %s',
  async (fault) => {
    expect(await (await ask(`my words [[fault: tokens=3 ${fault}]]`)).text()).toContain('You wrote: my words');
  },
);

it('cuts the connection in the middle of an event', async () => {
  const { text, broken } = await readAll(await ask('x [[fault: tokens=20 cut after=5]]'));
  expect([tokensIn(text), broken, text.endsWith('\n\n')]).toEqual([5, true, false]);
});

it('ends without a finish', async () => {
  const { text, broken } = await readAll(await ask('x [[fault: tokens=20 end after=5]]'));
  expect([tokensIn(text), broken, text.includes('[DONE]')]).toEqual([5, false, false]);
});

it('resets before the headers, and after tokens', async () => {
  await expect(ask('x [[fault: reset]]')).rejects.toThrow('fetch failed');
  expect(await readAll(await ask('x [[fault: tokens=20 reset after=5]]'))).toMatchObject({ broken: true });
});

it('stalls before the headers until the client leaves, and books that as an abort', async () => {
  await expect(ask('x [[fault: stall before]]', { signal: AbortSignal.timeout(200) })).rejects.toThrow('timeout');
  await settled();
  expect((await simulator.book())[0]).toMatchObject({ aborted: true, status: null, outputTokens: 0 });
});

it('stalls after tokens', async () => {
  const response = await ask('x [[fault: tokens=20 stall after=5]]', { signal: AbortSignal.timeout(300) });
  const { text, broken } = await readAll(response);
  expect([tokensIn(text), broken]).toEqual([5, true]);
  await settled();
  expect((await simulator.book())[0]).toMatchObject({ aborted: true, outputTokens: 5, finish: null });
});

it('says everything but the end, and hangs', async () => {
  const { text, broken } = await readAll(await ask('x [[fault: hang]]', { signal: AbortSignal.timeout(300) }));
  expect([text.includes('"finish_reason":"stop"'), text.includes('[DONE]'), broken]).toEqual([true, false, true]);
});

it('sends an error event inside the stream and ends', async () => {
  const { text } = await readAll(await ask('x [[fault: tokens=20 error_event after=3]]'));
  expect(tokensIn(text)).toBe(3);
  expect(dataLinesOf(text).at(-1)).toContain('"error"');
});

it('sends HTML, garbage, a missing and a doubled end', async () => {
  expect(await (await ask('x [[fault: html]]')).text()).toContain('<!doctype html>');
  expect(await (await ask('x [[fault: garbage after=2]]')).text()).toContain('{"this is": not JSON');
  expect(await (await ask('x [[fault: no_done]]')).text()).not.toContain('[DONE]');
  expect((await (await ask('x [[fault: two_done]]')).text()).match(/\[DONE\]/g)).toHaveLength(2);
  expect((await (await ask('x [[fault: after_done]]')).text()).trimEnd()).toMatch(/text after the end.*$/);
});

it('sends a huge line, deep JSON and invalid UTF-8', async () => {
  expect((await (await ask('x [[fault: huge_line bytes=1000000]]')).text()).length).toBeGreaterThan(1_000_000);
  expect(await (await ask('x [[fault: deep_json]]')).text()).toContain('{"a":'.repeat(100));
  const bytes = Buffer.from(await (await ask('x [[fault: bad_utf8]]')).arrayBuffer());
  expect(bytes.includes(Buffer.from([0xe2, 0x82, 0xff]))).toBe(true);
});

it('claims wrong usage, or none', async () => {
  expect(await (await ask('x [[fault: usage=none]]')).text()).not.toContain('prompt_tokens');
  expect(await (await ask('x [[fault: usage=huge]]')).text()).toContain('"completion_tokens":1000000000');
  expect(await (await ask('x [[fault: usage=negative]]')).text()).toContain('"completion_tokens":-5');
});

it('makes answers of a given length and pace', async () => {
  const startedAtMs = performance.now();
  expect(tokensIn(await (await ask('x [[fault: tokens=20 tps=100]]')).text())).toBe(20);
  expect(performance.now() - startedAtMs).toBeGreaterThan(150);
});

it('sends redirects and headers that must not be forwarded', async () => {
  expect((await ask('x [[fault: redirect]]')).headers.get('location')).toContain('/redirected');
  expect((await ask('x [[fault: set_cookie]]')).headers.get('set-cookie')).toContain('tracker');
});

it('applies a standing fault to the requests that fit, as often as ordered', async () => {
  await simulator.fault({ path: '/v1/chat', model: 'echo-bad', fault: 'status=503', times: 2 });
  expect((await ask('x', { model: 'echo' })).status).toBe(200);
  const statuses = [];
  for (let call = 0; call < 3; call += 1) statuses.push((await ask('x', { model: 'echo-bad' })).status);
  expect(statuses).toEqual([503, 503, 200]);
});

it('takes back the orders for one model and keeps those for others', async () => {
  for (const model of ['echo-one', 'echo-two']) await simulator.fault({ model, fault: 'status=500' });
  await simulator.clearFaults('echo-one');
  expect((await ask('x', { model: 'echo-one' })).status).toBe(200);
  expect((await ask('x', { model: 'echo-two' })).status).toBe(500);
});

it('blocks when the client does not read, and the book shows what the socket took', async () => {
  const leave = new AbortController();
  const response = await ask('x [[fault: tokens=100000]]', { signal: leave.signal });
  await stable(async () => (await simulator.book())[0]?.outputTokens);
  const [entry] = await simulator.book();
  expect(entry?.outputTokens).toBeLessThan(100_000);
  expect(entry?.endedAtMs).toBeNull();
  leave.abort();
  await response.text().catch(() => undefined);
});

it('shows the control API only where it was switched on', async () => {
  const response = await fetch(`${simulator.url}/_control/nothing`);
  expect(response.status).toBe(404);
});

async function settled(): Promise<void> {
  for (let left = 100; left > 0 && (await simulator.book()).some((entry) => entry.endedAtMs === null); left -= 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Waits until a value has stayed the same for a while. */
async function stable(read: () => Promise<unknown>): Promise<void> {
  for (let same = 0, last = await read(); same < 5;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = await read();
    same = now === last && now !== 0 ? same + 1 : 0;
    last = now;
  }
}

it.each([
  ['tenfold', 30],
  ['fraction', 3.5],
  ['overflow', 2 ** 63],
])('reports wrong usage when asked: %s', async (fault, expected) => {
  const body = (await (await ask(`x [[fault: tokens=3 usage=${fault}]]`, { stream: false })).json()) as {
    usage: { completion_tokens: number };
  };
  expect(body.usage.completion_tokens).toBe(expected);
});

it('books a request under the name that its caller gives it, and no other text of it', async () => {
  await readAll(await ask('secret words [[fault: label=call-17 tokens=1]]'));
  await readAll(await ask('nameless'));
  await settled();
  const book = await simulator.book();
  expect(book.map(({ label }) => label)).toEqual(['call-17', null]);
  expect(JSON.stringify(book)).not.toContain('secret words');
});

it('stands for any model of a catalogue only when asked to', async () => {
  expect((await ask('x', { model: 'acme-large-7b' })).status).toBe(404);
  const any = await spawnSimulator({ anyModel: true });
  try {
    const response = await fetch(`${any.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'acme-large-7b', messages: [{ role: 'user', content: 'hi' }] }),
    });
    expect(response.status).toBe(200);
    expect((await any.book())[0]).toMatchObject({ model: 'acme-large-7b' });
  } finally {
    await any.stop();
  }
});

it.each([
  ['stall after=5', true],
  ['reset after=5', true],
  ['end after=5', false],
])('leaves a whole answer unfinished, too: %s', async (fault, broken) => {
  const response = await ask(`x [[fault: tokens=20 ${fault}]]`, { stream: false, signal: AbortSignal.timeout(300) });
  const read = await readAll(response);
  expect(read.broken).toBe(broken);
  expect(() => JSON.parse(read.text) as unknown).toThrow(SyntaxError);
});

it('refuses for the reasons that providers give', async () => {
  const words = async (because: string) => (await ask(`x [[fault: status=400 because=${because}]]`)).text();
  expect(await words('context_length')).toContain('maximum context length');
  expect(await words('content_filter')).toContain('content management policy');
});

it('goes on where the caller has begun the answer, or refuses to', async () => {
  const begun = async (fault: string) => {
    const messages = [
      { role: 'user', content: `x [[fault: tokens=4${fault}]]` },
      { role: 'assistant', content: 'w1 w2' },
    ];
    const response = await fetch(`${simulator.url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'echo', messages }),
    });
    return { status: response.status, text: await response.text() };
  };
  expect((await begun('')).text).toContain('"content":" w3 w4"');
  expect((await begun(' refuse_prefill')).status).toBe(400);
});

it('is slow with the first token, after the headers', async () => {
  const startedMs = performance.now();
  const response = await ask('x [[fault: first_token=300]]');
  await response.text();
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(299);
});
