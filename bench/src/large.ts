// What large requests and answers cost in memory: pictures of 20 MB in, answers of 2 MB out, side by side, round after round.
// `npm run bench:large`: resident memory of edge and worker before, at its peak, and after; flat means that the last round peaks like the first.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client } from 'undici';
import { wholeNumber } from './args.js';
import { forgetPeak, peakMb, residentMb } from './measure/processes.js';
import { startUpstream } from './targets/plain.js';
import { startSwitchyard, type SwitchyardTarget } from './targets/switchyard.js';
import type { NamedProcess } from './targets/target.js';

const PICTURE_BYTES = 20 * 1000 * 1000;
const ANSWER_BYTES = 2 * 1024 * 1024;
const SETTLE_MS = 1_000;
const MAX_TRIES = 20;
const MEASURED = /^(?:edge|worker-sandbox)/;

interface LargeRun {
  readonly name: string;
  readonly body: string;
}

const ask = (model: string, content: unknown, more: object = {}): string =>
  JSON.stringify({ model, messages: [{ role: 'user', content }], ...more });

/** Made when it is needed: the picture alone has 27 MB as text. */
const runs = (): readonly LargeRun[] => {
  const url = `data:image/png;base64,${Buffer.alloc(PICTURE_BYTES, 7).toString('base64')}`;
  const stream = { stream: true };
  return [
    {
      name: `picture of ${PICTURE_BYTES / 1e6} MB`,
      body: ask('sandbox/vision', [{ type: 'image_url', image_url: { url } }]),
    },
    {
      name: 'stream of 2.8 MB in 10,000 events',
      body: ask('sandbox/echo', '[[fault: tokens=10000]]', stream),
    },
    {
      name: `stream with ${ANSWER_BYTES / 1024 / 1024} MiB in one event`,
      body: ask('sandbox/echo', `[[fault: tokens=20 huge_line bytes=${ANSWER_BYTES}]]`, stream),
    },
  ];
};

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));

/** Bytes of the answer; null from a process that is still busy with what came before. @throws Error for every other refusal */
async function send(target: SwitchyardTarget, body: string): Promise<number | null> {
  const url = new URL(target.urls[0]!);
  const client = new Client(url.origin);
  try {
    const answer = await client.request({ path: url.pathname, method: 'POST', headers: target.headers, body });
    let bytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) bytes += chunk.length;
    if (answer.statusCode === 503) return null;
    if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
    return bytes;
  } finally {
    await client.close();
  }
}

async function sendUntilTaken(target: SwitchyardTarget, body: string): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const bytes = await send(target, body);
    if (bytes !== null) return bytes;
    await settle();
  }
  throw new Error(`busy ${MAX_TRIES} times in a row`);
}

async function measureRound(target: SwitchyardTarget, { name, body }: LargeRun, round: number, parallel: number) {
  const measured = target.processes().filter((process) => MEASURED.test(process.name));
  const resident = ({ name: of, pid }: NamedProcess) => Math.round(residentMb([{ name: of, pid }]));
  const before = measured.map(resident);
  for (const process of measured) forgetPeak(process);
  const [answerBytes] = await Promise.all(Array.from({ length: parallel }, () => sendUntilTaken(target, body)));
  const highest = measured.map((process) => Math.round(peakMb(process)));
  await settle();
  return measured.map((process, index) => ({
    run: name,
    round,
    process: process.name,
    beforeMb: before[index],
    peakMb: highest[index],
    afterMb: resident(process),
    answerBytes,
  }));
}

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    parallel: { type: 'string', default: '2' },
    output: { type: 'string' },
  },
});
const rounds = wholeNumber('rounds', values.rounds);
const parallel = wholeNumber('parallel', values.parallel);
const upstream = await startUpstream();
try {
  const target = await startSwitchyard({
    root: path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..'),
    upstream,
    paces: [],
    environment: { SIMULATOR_TOKENS_PER_SECOND: '0' },
    progress: console.error,
  });
  try {
    await sendUntilTaken(target, ask('sandbox/echo', 'Hello!'));
    await settle();
    const rows = [];
    for (const run of runs())
      for (let round = 1; round <= rounds; round += 1) rows.push(...(await measureRound(target, run, round, parallel)));
    console.table(rows);
    if (values.output) writeFileSync(values.output, `${JSON.stringify({ parallel, rows }, null, 2)}\n`);
  } finally {
    await target.stop();
  }
} finally {
  await upstream.stop();
}
