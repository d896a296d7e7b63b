import { Controller, Module } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { StreamFailure, StreamHandler, StreamStrategy } from '../index.js';
import type { StreamContext, StreamStrategyOptions, UpstreamStream } from '../index.js';

export interface TestWorker {
  readonly strategy: StreamStrategy;
  close(): Promise<void>;
}

/** A worker in this process, in a real Nest application. */
export async function startWorker(
  options: StreamStrategyOptions,
  handle: (context: StreamContext) => Promise<void>,
): Promise<TestWorker> {
  @Controller()
  class StreamController {
    @StreamHandler()
    handle(context: StreamContext): Promise<void> {
      return handle(context);
    }
  }

  @Module({ controllers: [StreamController] })
  class WorkerModule {}

  const strategy = new StreamStrategy(options);
  const app: INestMicroservice = await NestFactory.createMicroservice(WorkerModule, { strategy, logger: false });
  await app.listen();
  return { strategy, close: () => app.close() };
}

export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Lines that the worker wrote, one per call of its handler. */
  readonly calls: string[];
  stop(): Promise<void>;
}

/** A worker in a process of its own, to be killed and frozen. Serves streams as their meta says. */
export async function spawnWorker(servers: string, provider: string): Promise<WorkerProcess> {
  const script = path.join(import.meta.dirname, 'worker-process.mjs');
  const child = spawn(process.execPath, [script], {
    env: { NATS_URL: servers, PROVIDER: provider },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const calls: string[] = [];
  const ready = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.trim().split('\n')) {
      if (line === 'ready') ready.resolve();
      else calls.push(line);
    }
  });
  child.once('exit', () => ready.reject(new Error('the worker ended before it was ready')));
  await ready.promise;
  return {
    child,
    pid: child.pid!,
    calls,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Reads a stream to its end, giving credit as it goes. */
export async function readAll(stream: UpstreamStream, onChunk?: (received: number) => void): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    received += chunk.length;
    stream.acknowledge(chunk.length);
    onChunk?.(received);
  }
  return Buffer.concat(chunks);
}

/** What a promise of the data plane was rejected with. */
export async function failureOf(promise: Promise<unknown>): Promise<StreamFailure> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StreamFailure) return error;
    throw error;
  }
  throw new Error('expected a StreamFailure');
}

export async function until(condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${String(condition)}`);
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
}

export const sleep = (delayMs: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, delayMs));
