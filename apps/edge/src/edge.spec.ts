import { GatewayError } from '@switchyard/contracts';
import OpenAI from 'openai';
import { aModel, anEndpoint } from './catalogue/testing/builders.js';
import { SmallStack } from './testing/small-stack.js';
import type { RunningEdge } from './testing/small-stack.js';
import { speak } from './testing/small-worker.js';
import type { SmallWorker } from './testing/small-worker.js';

describe('an edge', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let worker: SmallWorker;

  beforeAll(async () => {
    stack = await SmallStack.start();
    worker = (await stack.worker('acme')).service;
    await stack.put(aModel({ id: 'acme/large', endpoints: [anEndpoint({ tag: 'acme', maxCompletionTokens: 1_000 })] }));
    edge = await stack.edge();
    await stack.knows(edge, 1);
  }, 60_000);
  beforeEach(() => {
    worker.script = (scene) => speak(scene, ['Hel', 'lo']);
  });
  afterAll(() => stack.stop(), 60_000);

  const client = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${edge.url}/api/v1`, maxRetries: 0 });
  const question = { model: 'acme/large', messages: [{ role: 'user' as const, content: 'Say hello.' }] };

  it('answers the official client in one piece', async () => {
    const { secret } = stack.customer(1);
    const answer = await client(secret).chat.completions.create(question);
    expect(answer.choices[0]?.message.content).toBe('Hello');
    expect(answer.id).toMatch(/^gen-/);
  });

  it('streams to the official client', async () => {
    const { secret } = stack.customer(1);
    let text = '';
    const ids = new Set<string>();
    const stream = await client(secret).chat.completions.create({ ...question, stream: true });
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      ids.add(chunk.id);
    }
    expect(text).toBe('Hello');
    expect(ids.size).toBe(1);
  });

  it('is made of the closed list of errors', () => {
    expect(new GatewayError('internal').code).toBe('internal');
  });
});
