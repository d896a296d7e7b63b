// The gateway against its own upstream called directly, in turns, so that a noisy machine disturbs both alike.
// `npm run bench`: medians over rounds; everything is on (keys, routing, ledger, metrics).
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startStack } from '@switchyard/local';
import { spawnSimulator } from '@switchyard/testing';
import { load, median, percentile } from './load.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const messages = [{ role: 'user', content: 'Hello! [[fault: tokens=20]]' }];
const streamed = { messages: [{ role: 'user', content: 'Hello! [[fault: tokens=50]]' }], stream: true };

const upstream = await spawnSimulator({ tokensPerSecond: 0 });
const dataDirectory = mkdtempSync(path.join(tmpdir(), 'switchyard-bench-'));
const stack = await startStack({
  root,
  dataDirectory,
  port: 0,
  workers: 1,
  progress: console.error,
  environment: {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    LOCAL_BASE_URL: `${upstream.url}/v1`,
    SIMULATOR_TOKENS_PER_SECOND: '0',
  },
});

const rss = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
const memory = () => Object.fromEntries(stack.services().map(({ name, pid }) => [name, Math.round(rss(pid))]));

try {
  const idle = memory();
  const targets = [
    { name: 'upstream directly', url: `${stack.sandboxUrl}/v1/chat/completions`, model: 'echo' },
    {
      name: 'through Switchyard',
      url: `${stack.baseUrl}/chat/completions`,
      model: 'sandbox/echo',
      key: stack.account.apiKey,
    },
  ];
  const runs = [
    { name: 'requests/s at 32 connections', connections: 32, total: 4_000, request: { messages } },
    { name: 'streams of 50 chunks/s at 32 connections', connections: 32, total: 1_000, request: streamed },
    { name: 'latency at 1 connection', connections: 1, total: 1_000, request: { messages } },
  ];
  for (const target of targets) await load(target, { connections: 16, total: 1_000, request: { messages } });
  const results = [];
  for (const run of runs) {
    const rounds = Object.fromEntries(targets.map(({ name }) => [name, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const target of round % 2 ? targets.toReversed() : targets)
        rounds[target.name].push(await load(target, run));
    }
    for (const [target, measured] of Object.entries(rounds)) {
      results.push({
        run: run.name,
        target,
        perSecond: Math.round(median(measured.map(({ perSecond }) => perSecond))),
        p50Ms: Number(median(measured.map(({ latencies }) => percentile(latencies, 0.5))).toFixed(2)),
        p99Ms: Number(median(measured.map(({ latencies }) => percentile(latencies, 0.99))).toFixed(2)),
      });
    }
  }
  console.table(results);
  const report = { date: new Date().toISOString(), rounds: ROUNDS, results, rssMb: { idle, afterLoad: memory() } };
  console.table(
    Object.entries(report.rssMb.afterLoad).map(([name, after]) => ({
      process: name,
      idleMb: idle[name],
      afterLoadMb: after,
    })),
  );
  if (process.env.BENCH_OUTPUT) writeFileSync(process.env.BENCH_OUTPUT, `${JSON.stringify(report, null, 2)}\n`);
} finally {
  await stack.stop();
  await upstream.stop();
  rmSync(dataDirectory, { recursive: true, force: true });
}
