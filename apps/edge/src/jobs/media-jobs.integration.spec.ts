import { setTimeout as sleep } from 'node:timers/promises';
import { UsageEvent } from '@switchyard/contracts';
import { unpackJobBody } from '@switchyard/protocols';
import { waitUntil } from '@switchyard/testing';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { CreditService } from '../credit/credit.service.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { fail, speak } from '../testing/small-worker.js';
import type { Scene, SmallWorker } from '../testing/small-worker.js';

const endpoint = (tag: string, job: string, supportedParameters: string[] = []) =>
  anEndpoint({
    tag,
    outputModalities: [job],
    inputModalities: [job === 'transcription' ? 'audio' : 'text'],
    supportedParameters,
  });

/** Bytes of no text: what looks like the end of an event is among them. */
const AUDIO = Buffer.from([0, 255, 10, 10, 13, 10, 13, 10, 128, 7]);

async function sing({ call, context, worker }: Scene): Promise<void> {
  context.head({ status: 200, contentType: 'audio/mpeg', upstreamStatus: 200, worker: worker.name, headersMs: 1 });
  await context.write(AUDIO);
  await context.write(AUDIO);
  return context.end({ usage: await worker.bill(call, 0) });
}

describe('images, speech and transcriptions at the edge', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let acme: SmallWorker;
  let backup: SmallWorker;

  beforeAll(async () => {
    stack = await SmallStack.start();
    acme = (await stack.worker('acme')).service;
    backup = (await stack.worker('backup')).service;
    await stack.put(
      aModel({ id: 'acme/speech', endpoints: [endpoint('acme', 'speech'), endpoint('backup', 'speech')] }),
      aModel({
        id: 'acme/heard',
        endpoints: [
          endpoint('acme', 'transcription'),
          endpoint('backup', 'transcription', ['timestamp_granularities']),
        ],
      }),
      aModel({ id: 'acme/image', endpoints: [endpoint('acme', 'image', ['n'])] }),
    );
    edge = await stack.edge({ ATTEMPT_WINDOW_MS: '20000', MAX_UPLOAD_BYTES: '1000' });
    await stack.knows(edge, 3);
  }, 60_000);
  beforeEach(() => {
    for (const worker of [acme, backup]) worker.play(sing);
  });
  afterAll(() => stack.stop(), 60_000);

  const inOrder = { provider: { order: ['acme', 'backup'] } };
  const say = (secret: string, fields: object = {}) =>
    postJson(`${edge.url}/v1/audio/speech`, secret, { model: 'acme/speech', input: 'hi', ...inOrder, ...fields });
  const heldNanos = () => edge.app.get(CreditService, { strict: false }).heldNanos;

  async function upload(secret: string, file: Blob, fields: Readonly<Record<string, string>> = {}) {
    const form = new FormData();
    for (const [name, value] of Object.entries({ model: 'acme/heard', ...fields })) form.append(name, value);
    form.append('file', file, 'a.mp3');
    const headers = { authorization: `Bearer ${secret}` };
    return fetch(`${edge.url}/api/v1/audio/transcriptions`, { method: 'POST', headers, body: form });
  }

  it('speak bytes as they come, under the media type that their worker names', async () => {
    const { secret } = stack.customer(1);
    const response = await say(secret);
    expect(response.headers.get('content-type')).toBe('audio/mpeg');
    expect(response.headers.get('x-generation-id')).toMatch(/^gen-/);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.concat([AUDIO, AUDIO]));
    expect(acme.calls[0]).toMatchObject({ job: 'speech', stream: true });
    await waitUntil(() => heldNanos() === 0n, { what: 'nothing is held any more' });
  });

  it('are spoken by another where the first fails before its first byte', async () => {
    const { secret } = stack.customer(1);
    acme.script = (scene) => fail(scene, 'upstream_overloaded');
    const response = await say(secret);
    expect(response.status).toBe(200);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.concat([AUDIO, AUDIO]));
    expect([acme.calls.length, backup.calls.length]).toEqual([1, 1]);
  });

  it('are told as an ordinary error where nobody speaks', async () => {
    const { secret } = stack.customer(1);
    for (const worker of [acme, backup]) worker.script = (scene) => fail(scene, 'upstream_rejected');
    const response = await say(secret);
    expect(response.status).toBe(400);
    expect(await errorOfResponse(response)).toMatchObject({ metadata: { code: 'upstream_rejected' } });
  });

  it('that break off have no words for it: the connection is cut, and nobody else is asked', async () => {
    const { secret } = stack.customer(1);
    acme.script = async (scene) => {
      const { call, context, worker } = scene;
      context.head({ status: 200, contentType: 'audio/mpeg', upstreamStatus: 200, worker: worker.name, headersMs: 1 });
      await context.write(AUDIO);
      const usage = UsageEvent.decode(worker.event(call, 0, { outcome: 'insured', finishReason: 'error' }));
      await fail(scene, 'upstream_disconnected', { usage });
    };
    const response = await say(secret);
    const read = response.arrayBuffer().then(
      () => 'whole',
      () => 'cut',
    );
    expect(await read).toBe('cut');
    expect(backup.calls).toEqual([]);
    await waitUntil(() => heldNanos() === 0n, { what: 'nothing is held any more' });
  });

  it('that their client leaves are cancelled at the worker', async () => {
    const { secret } = stack.customer(1);
    acme.script = async (scene) => {
      const { call, context, worker } = scene;
      context.head({ status: 200, contentType: 'audio/mpeg', upstreamStatus: 200, worker: worker.name, headersMs: 1 });
      // Nothing that could end an event: whoever waits for one gives the client nothing.
      await context.write(Buffer.from('sound'));
      await sleep(60_000, undefined, { signal: context.signal }).catch(() => undefined);
      return context.end({ usage: await worker.bill(call, 0, { cancelled: true, finishReason: null }) });
    };
    const leaving = new AbortController();
    const response = await fetch(`${edge.url}/v1/audio/speech`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'acme/speech', input: 'hi', ...inOrder }),
      signal: leaving.signal,
    });
    await response.body!.getReader().read();
    leaving.abort();
    await waitUntil(() => acme.aborted.length > 0, { what: 'the worker hears of it' });
    expect(acme.aborted).toHaveLength(1);
  });

  it('of a form reach the worker with its fields as JSON and its file to the byte', async () => {
    const { secret } = stack.customer(1);
    let heard: readonly { readonly length: number }[] = [];
    acme.script = (scene) => {
      heard = unpackJobBody(scene.context.body).files.map(({ bytes }) => Buffer.from(bytes));
      return speak(scene, ['text']);
    };
    const bytes = Buffer.alloc(900, 'a\r\n--');
    const response = await upload(secret, new Blob([bytes]), { temperature: '0.5', 'provider[order][]': 'acme' });
    expect(response.status).toBe(200);
    expect(acme.bodies[0]).toEqual({ model: 'acme/heard', temperature: 0.5, provider: { order: ['acme'] } });
    expect(heard).toEqual([bytes]);
  });

  it('with times go to those who tell them', async () => {
    const { secret } = stack.customer(1);
    for (const worker of [acme, backup]) worker.script = (scene) => speak(scene, ['text']);
    const fields = { response_format: 'vtt', 'provider[order][]': 'acme' };
    expect((await upload(secret, new Blob(['x']), fields)).status).toBe(200);
    expect([acme.calls.length, backup.calls.length]).toEqual([0, 1]);
  });

  it.each([
    ['too large a file', new Blob(['x'.repeat(1_001)]), {}, [413, 'payload_too_large']],
    ['an empty file', new Blob([]), {}, [400, 'invalid_request']],
    ['a model of another job', new Blob(['x']), { model: 'acme/speech' }, [404, 'no_endpoints']],
    ['a number that is none', new Blob(['x']), { temperature: 'hot' }, [400, 'invalid_request']],
  ] as const)('are refused for %s before anybody is called', async (_, file, fields, [status, code]) => {
    const { secret } = stack.customer(1);
    const response = await upload(secret, file, fields);
    expect(response.status).toBe(status);
    expect(await errorOfResponse(response)).toMatchObject({ metadata: { code } });
    expect([...acme.calls, ...backup.calls]).toEqual([]);
    expect(heldNanos()).toBe(0n);
  });

  it('need credit for all that they can cost', async () => {
    const { secret } = stack.customer(0);
    const response = await postJson(`${edge.url}/v1/images`, secret, { model: 'acme/image', prompt: 'a fox', n: 4 });
    expect(response.status).toBe(402);
    expect(acme.calls).toEqual([]);
  });
});
