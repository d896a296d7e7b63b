import { setTimeout as sleep } from 'node:timers/promises';
import { Controller } from '@nestjs/common';
import { JetStreamPublisher, StreamHandler } from '@switchyard/bus';
import type { Delivery, StreamContext } from '@switchyard/bus';
import { AttemptCall, ERRORS, UsageEvent, usageOf, usageSubject } from '@switchyard/contracts';
import type { AttemptFailure, ErrorCode } from '@switchyard/contracts';
import { costOf } from '@switchyard/pricing';
import { unpackJobBody } from '@switchyard/protocols';
import { z } from 'zod';

export interface Scene {
  readonly call: AttemptCall;
  readonly context: StreamContext;
  readonly body: Record<string, unknown>;
  readonly worker: SmallWorker;
}
export type Script = (scene: Scene) => Promise<void>;

/** A worker whose upstream is a script of the test: it speaks the data plane's contract, with usage and witnesses. */
@Controller()
export class SmallWorker {
  script: Script = (scene) => speak(scene, ['Hel', 'lo']);
  calls: AttemptCall[] = [];
  bodies: Record<string, unknown>[] = [];
  aborted: string[] = [];
  /** What it learned of its answers, in the order in which it did. */
  deliveries: Delivery[] = [];
  name = 'small';

  constructor(private readonly jetstream: JetStreamPublisher) {}

  /** Forgets what it has seen, and follows this script from here on. */
  play(script: Script): void {
    this.script = script;
    this.calls = [];
    this.bodies = [];
    this.aborted = [];
    this.deliveries = [];
  }

  @StreamHandler()
  async handle(context: StreamContext): Promise<void> {
    const call = AttemptCall.decode(context.meta as z.input<typeof AttemptCall>);
    const body = unpackJobBody(context.body).json as Record<string, unknown>;
    this.calls.push(call);
    this.bodies.push(body);
    context.signal.addEventListener('abort', () => this.aborted.push(String(context.signal.reason)));
    void context.delivered.then((delivery) => this.deliveries.push(delivery));
    await this.script({ call, context, body, worker: this });
  }

  /** Publishes usage and answers the same for the last frame, as the contract asks. */
  bill(call: AttemptCall, outputTokens: number, fields: Partial<UsageEvent> = {}): Promise<z.input<typeof UsageEvent>> {
    const event = this.event(call, outputTokens, fields);
    const options = { messageId: call.generationId };
    void this.jetstream
      .publish(usageSubject(call.endpoint.provider), JSON.stringify(event), options)
      .catch(() => undefined);
    return Promise.resolve(event);
  }

  event(call: AttemptCall, outputTokens: number, fields: Partial<UsageEvent> = {}): z.input<typeof UsageEvent> {
    const usage = usageOf({ source: 'reported', inputTokens: 10, outputTokens, requests: 1 });
    const cost = costOf(usage, call.endpoint.price, call.admittedAtMs);
    return z.encode(UsageEvent, {
      generationId: call.generationId,
      leaseId: call.leaseId,
      accountId: call.accountId,
      keyId: call.keyId,
      edgeId: call.edgeId,
      edgeEpoch: call.edgeEpoch,
      provider: call.endpoint.provider,
      endpointId: call.endpoint.id,
      model: call.endpoint.modelId,
      upstreamModel: call.endpoint.upstreamModel,
      outcome: 'final',
      usage,
      price: call.endpoint.price,
      admittedAtMs: call.admittedAtMs,
      costPicos: cost.picos,
      costNanos: cost.nanos,
      boundNanos: call.boundNanos,
      ticket: call.ticket,
      ownKey: call.ownKey,
      finishReason: 'stop',
      nativeFinishReason: 'stop',
      upstreamId: 'up-1',
      cancelled: false,
      streamed: call.stream,
      headersMs: 1,
      firstTokenMs: 2,
      totalMs: 3,
      witness: 'worker',
      ...fields,
    });
  }
}

const text = new TextEncoder();
const chunk = (call: AttemptCall, fields: object): Uint8Array =>
  text.encode(
    `data: ${JSON.stringify({ id: call.generationId, object: 'chat.completion.chunk', created: call.created, model: call.endpoint.modelId, provider: call.endpoint.providerName, ...fields })}\n\n`,
  );

export const delta = (call: AttemptCall, content: string): Uint8Array =>
  chunk(call, { choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }] });

export const begin = ({ context, call, worker }: Scene): void =>
  context.head({
    status: 200,
    contentType: call.stream ? 'text/event-stream' : 'application/json',
    upstreamStatus: 200,
    worker: worker.name,
    headersMs: 1,
  });

/** Says the words, streamed or in one piece, with a pause between them. */
export async function speak(scene: Scene, words: readonly string[], pauseMs = 0): Promise<void> {
  const { context, call, worker } = scene;
  begin(scene);
  if (!call.stream) {
    const usage = await worker.bill(call, words.length);
    await context.write(text.encode(JSON.stringify(wholeBody(call, words.join(''), words.length))));
    return context.end({ usage });
  }
  let said = 0;
  for (const word of words) {
    await context.write(delta(call, word));
    said += 1;
    if (pauseMs > 0) await sleep(pauseMs, undefined, { signal: context.signal }).catch(() => undefined);
    if (context.signal.aborted) {
      const usage = await worker.bill(call, said, { cancelled: true, finishReason: null });
      return context.end({ usage });
    }
  }
  const usage = await worker.bill(call, said);
  await context.write(chunk(call, { choices: [{ index: 0, delta: { content: '' }, finish_reason: 'stop' }] }));
  await context.write(chunk(call, { choices: [], usage: { ...counts(said), cost: 0.001 } }));
  await context.write(text.encode('data: [DONE]\n\n'));
  return context.end({ usage });
}

const counts = (output: number) => ({ prompt_tokens: 10, completion_tokens: output, total_tokens: 10 + output });

const wholeBody = (call: AttemptCall, content: string, output: number) => ({
  id: call.generationId,
  object: 'chat.completion',
  created: call.created,
  model: call.endpoint.modelId,
  provider: call.endpoint.providerName,
  system_fingerprint: null,
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content, refusal: null } }],
  usage: { ...counts(output), cost: 0.001 },
});

/** Fails as a worker does when its provider fails. */
export const fail = ({ context }: Scene, code: ErrorCode, fields: Partial<AttemptFailure> = {}): Promise<void> =>
  context.fail({
    code,
    message: ERRORS[code].message,
    retryable: ERRORS[code].retryable,
    phase: 'headers',
    upstreamStatus: null,
    retryAfterMs: null,
    raw: null,
    providerCode: null,
    usage: null,
    ...fields,
  });
