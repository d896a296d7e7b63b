import 'reflect-metadata';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connectBus, ensureTopology, StreamClient, StreamFailure, StreamStrategy } from '@switchyard/bus';
import type { Bus, StreamOutcome, UpstreamStream } from '@switchyard/bus';
import { ChassisModule } from '@switchyard/chassis';
import { AttemptEnd, AttemptsFinished, USAGE_STREAM, UsageEvent } from '@switchyard/contracts';
import type { AttemptCall, AttemptFailure, AttemptOutcome } from '@switchyard/contracts';
import { providers } from '@switchyard/providers';
import { spawnSimulator, startNatsServer } from '@switchyard/testing';
import type { Simulator, TestNats } from '@switchyard/testing';
import { z } from 'zod';
import { singleKey } from '../authorization/upstream-key.js';
import type { WorkerConfig } from '../config.js';
import { WorkerModule } from '../worker.module.js';
import { attemptCall, wireOf } from './call.js';
import type { CallChanges } from './call.js';

/** How one attempt looked from the edge. */
export interface Seen {
  readonly text: string;
  readonly head: unknown;
  readonly end: UsageEvent | null;
  readonly failure: AttemptFailure | null;
  readonly call: AttemptCall;
}

export interface Ask extends CallChanges {
  readonly body: Record<string, unknown>;
  readonly signal?: AbortSignal;
}

/** A worker with everything real around it: nats-server, a simulator process, a client of the data plane, the usage stream. */
export class Harness {
  /** Data of the usage stream as it was published, by generation. */
  readonly published = new Map<string, string>();
  /** As they were told, those of a moment together: one of an earlier test may come late. */
  readonly outcomes: AttemptOutcome[] = [];
  private readonly apps: INestApplication[] = [];

  private constructor(
    readonly nats: TestNats,
    readonly simulator: Simulator,
    readonly client: StreamClient,
    readonly bus: Bus,
  ) {}

  static async start(): Promise<Harness> {
    const [nats, simulator] = await Promise.all([startNatsServer(), spawnSimulator()]);
    await ensureTopology(nats.url);
    const bus = await connectBus({ servers: nats.url, name: 'test' });
    const client = await StreamClient.connect({ servers: nats.url, edgeId: 'edge-test', maxLagMs: 5000 });
    const harness = new Harness(nats, simulator, client, bus);
    bus.subscriber.subscribe(AttemptsFinished, ({ outcomes }) => void harness.outcomes.push(...outcomes), {
      suffix: '*',
    });
    await bus.consumers.consume({
      stream: USAGE_STREAM,
      durable: 'test',
      maxBatch: 100,
      maxWaitMs: 20,
      handler: async (messages) => {
        for (const message of messages) {
          const text = Buffer.from(message.data).toString('utf8');
          harness.published.set(UsageEvent.parse(JSON.parse(text)).generationId, text);
          message.ack();
        }
      },
    });
    return harness;
  }

  /** Of attempts that ended from then on. */
  outcomesSince(startedAtMs: number): AttemptOutcome[] {
    return this.outcomes.filter(({ finishedAtMs }) => finishedAtMs >= startedAtMs);
  }

  /** Starts a worker of a provider that speaks to the simulator, or to another address. */
  async worker(
    id = 'sandbox',
    { apiKey = 'test-key-0123456789', ...changes }: Partial<WorkerConfig> & { readonly apiKey?: string | null } = {},
  ): Promise<INestApplication> {
    const provider = providers.get(id);
    if (!provider) throw new Error(`no provider ${id}`);
    const config: WorkerConfig = {
      provider,
      baseUrl: `${this.simulator.url}/v1`,
      keys: apiKey === null ? [] : [singleKey(apiKey)],
      settings: {},
      capacity: 100,
      upstreamConnections: 100,
      drainMs: 5000,
      httpHost: '127.0.0.1',
      httpPort: 0,
      natsUrl: this.nats.url,
      logLevel: 'error',
      ...changes,
    };
    @Module({ imports: [ChassisModule, WorkerModule.forRoot(config)] })
    class TestModule {}
    const app = await NestFactory.create(TestModule, new FastifyAdapter(), { logger: ['error', 'fatal'] });
    app.connectMicroservice({ strategy: app.get(StreamStrategy, { strict: false }) });
    await app.init();
    await app.startAllMicroservices();
    this.apps.push(app);
    return app;
  }

  open(ask: Ask, edge: StreamClient = this.client): { call: AttemptCall; opened: Promise<UpstreamStream> } {
    const { body, signal, ...changes } = ask;
    const stream = body['stream'] === true;
    const call = attemptCall({ stream, ...changes });
    const opened = edge.open({
      provider: call.endpoint.provider,
      meta: wireOf(call),
      body: Buffer.from(JSON.stringify({ model: call.endpoint.modelId, ...body })),
      ...(signal && { signal }),
    });
    return { call, opened };
  }

  /** Runs one attempt to its end, as an edge with a fast client would. */
  async ask(ask: Ask): Promise<Seen> {
    const { call, opened } = this.open(ask);
    let text = '';
    let head: unknown = null;
    try {
      const stream = await opened;
      head = stream.head;
      const decoder = new TextDecoder();
      for await (const bytes of stream) {
        text += decoder.decode(bytes, { stream: true });
        stream.acknowledge(bytes.length);
      }
      const end = AttemptEnd.parse(await stream.end);
      return { text, head, end: end.usage, failure: null, call };
    } catch (error) {
      if (!(error instanceof StreamFailure)) throw error;
      return { text, head, end: null, failure: error.failure, call };
    }
  }

  /** The usage event on its stream; null when none comes within a second. */
  async usageOf(generationId: string): Promise<UsageEvent | null> {
    for (let tries = 0; tries < 50 && !this.published.has(generationId); tries += 1) await sleep(20);
    const text = this.published.get(generationId);
    return text === undefined ? null : UsageEvent.parse(JSON.parse(text));
  }

  /** Closes the workers; the rest goes on. */
  async stopWorkers(): Promise<void> {
    await Promise.all(this.apps.splice(0).map((app) => app.close()));
  }

  async stop(): Promise<void> {
    await this.stopWorkers();
    await this.client.close();
    await this.bus.close();
    await this.simulator.stop();
    await this.nats.stop();
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** Waits until a condition holds. @throws Error after the time */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 5000): Promise<void> {
  const lateAtMs = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > lateAtMs) throw new Error('the condition never held');
    await sleep(20);
  }
}

/** The usage that the last frame of a cancelled stream carried. */
export function usageOfOutcome(outcome: StreamOutcome): UsageEvent | null {
  if (outcome.kind === 'fail') return outcome.meta.usage;
  return outcome.kind === 'end' ? AttemptEnd.parse(outcome.meta).usage : null;
}

export const wireText = (event: UsageEvent): string => JSON.stringify(z.encode(UsageEvent, event));
