import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { startNatsServer } from '@switchyard/testing';
import type { TestNats } from '@switchyard/testing';
import { randomBytes } from 'node:crypto';
import { StreamClient } from './index.js';
import type { StreamContext, StreamCounters, StreamTimers } from './index.js';
import { encodeCall } from './core/call.js';
import type { Start } from './core/call.js';
import { FrameType, encodeFrame, encodeGo, encodeJson, encodePosition, encodeTextFrame } from './core/frame.js';
import { decodePack } from './core/pack.js';
import { callSubject, controlPrefix, framesPrefixOf } from './core/subjects.js';
import { randomId } from './ids.js';
import { chunkOf, contentOf } from './testing/content.js';
import { failureOf, readAll, sleep, startWorker, until } from './testing/harness.js';
import type { TestWorker } from './testing/harness.js';

const EMPTY = new Uint8Array(0);
const PROVIDER = 'hostile';

/** Every type there is and some that are not, with payloads that fit none of them. */
function junk(): Uint8Array[] {
  const frames: Uint8Array[] = [EMPTY, Uint8Array.of(1), Uint8Array.of(2, 0, 0, 0), new Uint8Array(4096).fill(255)];
  for (let type = 0; type < 64; type += 1) {
    frames.push(Uint8Array.of(type, 255, 255, 255, 255), Uint8Array.of(type, 255, 255, 255, 255, 1, 2, 3));
    frames.push(Uint8Array.of(type, 127, 0, 0, 0, ...randomBytes(8)));
  }
  return frames;
}

describe('hostile frames', () => {
  let nats: TestNats;
  let attacker: NatsConnection;
  let client: StreamClient;
  let worker: TestWorker;
  /** Every frame that crosses the broker, as an attacker with too many rights would see it. */
  const seen: { subject: string; data: Uint8Array; reply: string | undefined }[] = [];

  async function handle(context: StreamContext): Promise<void> {
    const { chunks } = context.meta as { chunks: number };
    context.head({ ok: true });
    for (let number = 0; number < chunks && !context.signal.aborted; number += 1) {
      await context.write(chunkOf(1, number, 100));
      await sleep(5);
    }
    await context.end(null);
  }

  beforeAll(async () => {
    nats = await startNatsServer();
    attacker = await connect({ servers: nats.url });
    client = await StreamClient.connect({ servers: nats.url, edgeId: 'edge', maxLagMs: 60_000 });
    worker = await startWorker({ servers: nats.url, provider: PROVIDER }, handle);
    attacker.subscribe('gw.v1.>', {
      callback: (_, { subject, data, reply }) => {
        const copy = data.slice();
        // How many frames come in one message is a matter of time alone.
        const packed = (copy[0] === FrameType.pack && decodePack(copy)) || [];
        for (const { id, frame } of packed) seen.push({ subject: framesPrefixOf(subject) + id, data: frame, reply });
        if (packed.length === 0) seen.push({ subject, data: copy, reply });
      },
    });
    await attacker.flush();
  });

  afterAll(async () => {
    await attacker.close();
    await client.close();
    await worker.close();
    await nats.stop();
  });

  beforeEach(() => {
    seen.length = 0;
  });

  const framesSubject = () => seen.find(({ subject }) => subject.startsWith('gw.v1.s.'))!.subject;
  const controlSubject = () => seen.find(({ subject }) => subject.startsWith('gw.v1.c.'))!.subject;

  it('do not reach a stream whose id must be guessed', async () => {
    const stream = await client.open({ provider: PROVIDER, meta: { chunks: 60 }, body: EMPTY });
    const prefix = framesSubject().slice(0, -22);
    const strayBefore = client.counters.stray;
    for (let guess = 0; guess < 500; guess += 1) {
      attacker.publish(prefix + randomId(), encodeFrame(FrameType.data, 1, Buffer.from('forged')));
      attacker.publish(prefix + randomId(), encodeFrame(FrameType.end, 1, encodeJson('forged')));
    }
    expect((await readAll(stream)).equals(contentOf(1, 60, 100))).toBe(true);
    expect(await stream.end).toBeNull();
    expect(client.counters.stray - strayBefore).toBe(1_000);
  });

  it('are ignored when an end is replayed into the stream, after it and into another', async () => {
    const first = await client.open({ provider: PROVIDER, meta: { chunks: 5 }, body: EMPTY });
    await readAll(first);
    await until(() => seen.some(({ data }) => data[0] === FrameType.end));
    const end = seen.find(({ data }) => data[0] === FrameType.end)!;
    const strayBefore = client.counters.stray;
    attacker.publish(end.subject, end.data);
    await attacker.flush();
    await until(() => client.counters.stray === strayBefore + 1);
    seen.length = 0;
    const second = await client.open({ provider: PROVIDER, meta: { chunks: 40 }, body: EMPTY });
    await until(() => seen.some(({ data }) => data[0] === FrameType.data));
    // The number of a foreign end is far ahead or long past: never what comes next.
    attacker.publish(framesSubject(), encodeFrame(FrameType.end, 0, encodeJson('early')));
    attacker.publish(framesSubject(), encodeFrame(FrameType.end, 1_000_000, encodeJson('late')));
    expect((await readAll(second)).equals(contentOf(1, 40, 100))).toBe(true);
    expect(await second.end).toBeNull();
  });

  it('of every type and length leave edge, worker and the other streams as they were', async () => {
    const victim = await client.open({ provider: PROVIDER, meta: { chunks: 300 }, body: EMPTY });
    const victimFrames = framesSubject();
    const victimControl = controlSubject();
    seen.length = 0;
    const bystander = await client.open({ provider: PROVIDER, meta: { chunks: 100 }, body: EMPTY });
    const reading = readAll(bystander);
    const victimOutcome = readAll(victim).then(
      () => 'end',
      () => 'failed',
    );
    for (const frame of junk()) {
      attacker.publish(victimFrames, frame);
      attacker.publish(victimFrames, frame, { reply: 'some.where' });
      attacker.publish(victimControl, frame);
      attacker.publish(victimControl, frame, { reply: 'gw.v1.s.x.y' });
      attacker.publish(callSubject(PROVIDER), frame);
      attacker.publish(callSubject(PROVIDER), frame, { reply: `gw.v1.s.${randomId()}.${randomId()}` });
      attacker.publish(`gw.v1.hb.edge.${randomId()}`, frame);
      attacker.publish(`gw.v1.hb.worker.${PROVIDER}.nobody`, frame);
    }
    await attacker.flush();
    expect((await reading).equals(contentOf(1, 100, 100))).toBe(true);
    expect(['end', 'failed']).toContain(await victimOutcome);
    const dropped = ({ malformed, stray, gaps }: StreamCounters) => malformed + stray + gaps;
    expect(dropped(client.counters)).toBeGreaterThan(100);
    expect(dropped(worker.strategy.counters)).toBeGreaterThan(100);
    expect(client.counters.faults).toBe(0);
    expect(worker.strategy.counters.faults).toBe(0);
    await until(() => worker.strategy.inFlight === 0);
    await readAll(await client.open({ provider: PROVIDER, meta: { chunks: 3 }, body: EMPTY }));
  });

  it('of a worker that was not chosen are not heard', async () => {
    const rival = `rival-${randomId()}`;
    const provider = 'two-workers';
    // Two workers see the same call; the second to accept must not be able to speak.
    const answers: string[] = [];
    for (const name of ['one', 'two']) {
      attacker.subscribe(callSubject(provider), {
        callback: (_, message) => {
          const id = message.reply!.slice(-22);
          const accept = encodeTextFrame(FrameType.accept, `${rival}-${name}.${randomId()}`);
          attacker.publish(message.reply!, accept, { reply: controlPrefix(provider, `${rival}-${name}`) + id });
          answers.push(message.reply!);
        },
      });
    }
    const goes: string[] = [];
    attacker.subscribe(`gw.v1.c.${provider}.>`, {
      callback: (_, { data, subject }) => {
        if (data[0] === FrameType.go) goes.push(subject);
      },
    });
    await attacker.flush();
    const duplicatesBefore = client.counters.duplicates;
    const controller = new AbortController();
    const opening = failureOf(client.open({ provider, meta: null, body: EMPTY, signal: controller.signal }));
    await until(() => answers.length >= 2 && client.counters.duplicates > duplicatesBefore);
    expect(goes.length).toBe(1);
    attacker.publish(answers[0]!, encodeFrame(FrameType.fail, 0, encodeJson({ code: 'not a code' })));
    // A failure that is none of the contract still ends the stream in a typed way.
    expect((await opening).failure.code).toBe('stream_lost');
  });

  it('with data before the head, a second head or more than the window end the stream as lost', async () => {
    const provider = 'breaks-rules';
    const attacks: Record<string, Uint8Array[]> = {
      'data first': [encodeFrame(FrameType.data, 0, Buffer.from('x'))],
      'end first': [encodeFrame(FrameType.end, 0, encodeJson(null))],
      'two heads': [encodeFrame(FrameType.head, 0, encodeJson(1)), encodeFrame(FrameType.head, 1, encodeJson(2))],
      'head is not JSON': [encodeFrame(FrameType.head, 0, Buffer.from('{'))],
      'over the window': [
        encodeFrame(FrameType.head, 0, encodeJson(1)),
        encodeFrame(FrameType.data, 1, new Uint8Array(1_000)),
        encodeFrame(FrameType.data, 2, new Uint8Array(1_000)),
      ],
    };
    for (const [name, frames] of Object.entries(attacks)) {
      const subscription = attacker.subscribe(callSubject(provider), {
        callback: (_, message) => {
          const id = message.reply!.slice(-22);
          const accept = encodeTextFrame(FrameType.accept, `bad.${randomId()}`);
          attacker.publish(message.reply!, accept, { reply: controlPrefix(provider, randomId()) + id });
          for (const frame of frames) attacker.publish(message.reply!, frame);
        },
      });
      await attacker.flush();
      const outcome = failureOf(
        client.open({ provider, meta: null, body: EMPTY, windowBytes: 1_500 }).then((stream) => readAllSlowly(stream)),
      );
      expect([name, (await outcome).failure.code]).toEqual([name, 'stream_lost']);
      subscription.unsubscribe();
    }
    expect(client.inFlight).toBe(0);
  });

  it('cannot start a handler without a go, with a wrong window, or twice', async () => {
    const provider = 'no-go';
    const { worker: other, served } = await countingWorker(provider, 100);
    const reply = `gw.v1.s.${randomId()}.${randomId()}`;
    const call = emptyCall(null);
    attacker.publish(callSubject(provider), call, { reply });
    attacker.publish(callSubject(provider), call, { reply });
    await until(() => seen.filter(({ subject }) => subject === reply).length === 2);
    const control = seen.find(({ subject }) => subject === reply)!.reply!;
    expect(other.strategy.inFlight).toBe(1);
    attacker.publish(control, encodeGo(0));
    attacker.publish(control, encodeGo(4_000_000_000));
    attacker.publish(control, encodePosition(FrameType.ack, { next: 10, ackedBytes: 1e9 }));
    await attacker.flush();
    await sleep(50);
    expect(served.calls).toBe(0);
    await until(() => other.strategy.inFlight === 0);
    attacker.publish(control, encodeGo(1_000));
    await attacker.flush();
    await sleep(50);
    expect(served.calls).toBe(0);

    seen.length = 0;
    attacker.publish(callSubject(provider), call, { reply: `gw.v1.s.${randomId()}.${randomId()}` });
    await until(() => seen.some(({ data }) => data[0] === FrameType.accept));
    const second = seen.find(({ data }) => data[0] === FrameType.accept)!.reply!;
    for (let tries = 0; tries < 5; tries += 1) attacker.publish(second, encodeGo(1_000));
    await until(() => seen.some(({ data }) => data[0] === FrameType.end));
    expect(served.calls).toBe(1);
    await other.close();
  });

  it('cannot make a handler begin late, ahead of its time, with a wrong window, or twice', async () => {
    const provider = 'begins';
    // So long that no machine is too slow to be in time.
    const { worker: other, served } = await countingWorker(provider, 20, { startMs: 60_000 });
    const nowMs = performance.now();
    const inTimeMs = nowMs + 50_000;
    const refused: Start[] = [
      { byMs: nowMs - 1, windowBytes: 1_000 },
      { byMs: nowMs + 600_000, windowBytes: 1_000 },
      { byMs: Number.NaN, windowBytes: 1_000 },
      { byMs: inTimeMs, windowBytes: 0 },
      { byMs: inTimeMs, windowBytes: 4_000_000_000 },
    ];
    for (const start of refused) {
      const reply = `gw.v1.s.${randomId()}.${randomId()}`;
      attacker.publish(callSubject(provider), emptyCall(start), { reply });
      // It asks, as if it had not been told.
      await until(() => seen.some(({ subject, data }) => subject === reply && data[0] === FrameType.accept));
    }
    expect([served.calls, other.strategy.counters.late]).toEqual([0, refused.length]);
    const reply = `gw.v1.s.${randomId()}.${randomId()}`;
    const inTime = emptyCall({ byMs: inTimeMs, windowBytes: 1_000 });
    for (let tries = 0; tries < 5; tries += 1) attacker.publish(callSubject(provider), inTime, { reply });
    await until(() => seen.some(({ subject, data }) => subject === reply && data[0] === FrameType.end));
    expect([served.calls, other.strategy.counters.late]).toEqual([1, refused.length]);
    await other.close();
  });

  it('cannot make a worker hold bodies beyond its budget', async () => {
    const provider = 'budget';
    const other = await startWorker({ servers: nats.url, provider, bodyBudgetBytes: 3_000_000 }, async (context) => {
      context.head(context.body.length);
      await context.end(null);
    });
    const call = (bodyBytes: number) =>
      encodeCall({ edge: randomId(), traceparent: '', meta: encodeJson({}), bodyBytes, inlineBody: null, start: null });
    const typesOf = async (bodyBytes: number) => {
      const reply = `gw.v1.s.${randomId()}.${randomId()}`;
      attacker.publish(callSubject(provider), call(bodyBytes), { reply });
      await until(() => seen.some(({ subject }) => subject === reply));
      return seen.find(({ subject }) => subject === reply)!.data[0];
    };
    expect(await typesOf(2_000_000)).toBe(FrameType.accept);
    expect(await typesOf(2_000_000)).toBe(FrameType.busy);
    expect(await typesOf(900_000)).toBe(FrameType.accept);
    expect(await typesOf(4_000_000_000)).toBe(FrameType.bad);
    await until(() => other.strategy.inFlight === 0);
    const stream = await client.open({ provider, meta: null, body: new Uint8Array(2_500_000) });
    expect(stream.head).toBe(2_500_000);
    await readAll(stream);
    await other.close();
  });

  const emptyCall = (start: Start | null): Uint8Array =>
    encodeCall({ edge: randomId(), traceparent: '', meta: encodeJson({}), bodyBytes: 0, inlineBody: EMPTY, start });

  /** A worker that answers with nothing after a while, and counts. */
  async function countingWorker(provider: string, pauseMs: number, timers: Partial<StreamTimers> = {}) {
    const served = { calls: 0 };
    const options = { servers: nats.url, provider, timers: { claimMs: 300, ...timers } };
    const counting = await startWorker(options, async (context) => {
      served.calls += 1;
      context.head(null);
      await sleep(pauseMs);
      await context.end(null);
    });
    return { worker: counting, served };
  }

  async function readAllSlowly(stream: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const _ of stream) await sleep(1);
  }
});
