import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixturesDirectory } from '../fixtures.js';
import { startSimulator } from './simulator.js';
import type { Simulator } from './simulator.js';

const folder = mkdtempSync(join(tmpdir(), 'recordings-'));
const upstream = join(folder, 'upstream', 'acme');
let simulator: Simulator;

const VERBATIM = 'data: {"a":"ä"}\r\n\r\n: ping\n\ndata: [DONE]\n\n';

beforeAll(async () => {
  mkdirSync(upstream, { recursive: true });
  writeFileSync(join(upstream, 'verbatim.stream.sse'), VERBATIM);
  writeFileSync(join(upstream, 'lines.stream.jsonl'), '{"type":"one"}\n{"type":"two"}\n');
  writeFileSync(join(upstream, 'whole.response.json'), '{ "x": 1 }');
  writeFileSync(join(upstream, 'error.response.json'), '{"error":{}}');
  const cases = [
    { case: 'broken', file: 'error.response.json', status: 200, stream: false, tags: ['midstream-error'] },
    {
      case: 'verbatim',
      file: 'verbatim.stream.sse',
      status: 200,
      stream: true,
      framing: 'verbatim',
      content_type: 'text/event-stream',
      network_read_sizes: [13, 1, 200],
      response_headers: { 'x-request-id': 'r1', 'content-length': '9999' },
    },
    {
      case: 'lines',
      file: 'lines.stream.jsonl',
      status: 200,
      stream: true,
      framing: 'payload-lines',
      tags: ['tool-call'],
    },
    { case: 'whole', file: 'whole.response.json', status: 200, stream: false, tags: ['reasoning'] },
    { case: 'error', file: 'error.response.json', status: 429, stream: false, content_type: 'application/json' },
  ];
  writeFileSync(join(upstream, 'index.json'), JSON.stringify({ provider: 'acme', cases }));
  simulator = await startSimulator({ fixtures: folder });
});
afterAll(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true });
});

const ask = (path: string, body: object = {}) =>
  fetch(`${simulator.url}/replay/${path}`, { method: 'POST', body: JSON.stringify(body) });

it('answers with the bytes of the recording and its headers', async () => {
  await simulator.replay({ provider: 'acme', case: 'verbatim' });
  const response = await ask('acme/v1/chat/completions');
  expect(response.headers.get('x-request-id')).toBe('r1');
  expect(await response.text()).toBe(VERBATIM);
});

it('delivers the network reads one by one', async () => {
  await simulator.replay({ provider: 'acme', case: 'verbatim' });
  const { port, host } = new URL(simulator.url);
  const raw = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.write(
        `POST /replay/acme/v1/chat/completions HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}`,
      ),
    );
    socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('close', () => resolve(text));
  });
  const sizes = [...raw.slice(raw.indexOf('\r\n\r\n')).matchAll(/\r\n([0-9a-f]+)\r\n/g)].map(([, hex]) =>
    parseInt(hex ?? '', 16),
  );
  expect(sizes.slice(0, 3)).toEqual([13, 1, Buffer.byteLength(VERBATIM) - 14]);
});

it('wraps recorded payload lines in the framing of the format', async () => {
  await simulator.replay({ provider: 'acme', case: 'lines', times: 3 });
  expect(await (await ask('acme/v1/chat/completions')).text()).toBe(
    'data: {"type":"one"}\n\ndata: {"type":"two"}\n\ndata: [DONE]\n\n',
  );
  expect(await (await ask('acme/v1/messages')).text()).toContain('event: two\ndata: {"type":"two"}\n\n');
  expect(await (await ask('acme/v1beta/models/m:streamGenerateContent')).text()).toContain(
    'data: {"type":"one"}\r\n\r\n',
  );
});

it('picks a sound recording that fits the request when none was ordered', async () => {
  expect(await (await ask('acme/v1/chat/completions', { stream: true })).text()).toBe(VERBATIM);
  expect(await (await ask('acme/v1/chat/completions', { stream: true, tools: [{}] })).text()).toContain('"two"');
  expect(await (await ask('acme/v1/chat/completions', { reasoning_effort: 'low' })).json()).toEqual({ x: 1 });
});

it('replays error statuses, and says when there is no such recording', async () => {
  await simulator.replay({ provider: 'acme', case: 'error' });
  expect((await ask('acme/v1/chat/completions')).status).toBe(429);
  await simulator.replay({ provider: 'acme', case: 'nonsense' });
  expect((await ask('acme/v1/chat/completions')).status).toBe(404);
  expect((await ask('nobody/v1/chat/completions')).status).toBe(404);
});

const recorded = fixturesDirectory();
(recorded ? describe : describe.skip)('with the recorded traffic (skipped where SWITCHYARD_FIXTURES is absent)', () => {
  it('replays a stream of OpenAI byte by byte', async () => {
    const real = await startSimulator({ fixtures: recorded });
    const name = 'stream-text--gpt-4-turbo';
    await real.replay({ provider: 'openai', case: name });
    const response = await fetch(`${real.url}/replay/openai/v1/chat/completions`, { method: 'POST', body: '{}' });
    const file = readFileSync(join(recorded ?? '', 'upstream', 'openai', `${name}.stream.sse`));
    expect(Buffer.from(await response.arrayBuffer()).equals(file)).toBe(true);
    await real.stop();
  });
});

it('answers a request of any format with the recording that its prompt names', async () => {
  const post = (name: string) =>
    fetch(`${simulator.url}/model/some-model/converse-stream`, {
      method: 'POST',
      body: JSON.stringify({ messages: [{ role: 'user', content: [{ text: `Hello [[replay: acme/${name}]]` }] }] }),
    });
  expect(await (await post('verbatim')).text()).toBe(VERBATIM);
  expect((await simulator.book()).at(-1)).toMatchObject({ replayed: 'verbatim', format: 'replay' });
  expect((await post('nothing-of-the-kind')).status).toBe(404);
});
