// What large requests and answers cost in memory: pictures of 20 MB in, answers of 2 MB out, one after the other and side by side.
// `npm run bench:large`: resident memory of edge and worker before, at its peak, and after; flat means that the last round peaks like the first.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startStack } from '@switchyard/local';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const PARALLEL = Number(process.env.BENCH_PARALLEL ?? 2);
const PICTURE_BYTES = 20 * 1000 * 1000;
const ANSWER_BYTES = 2 * 1024 * 1024;
const SETTLE_MS = 1_000;
const MAX_TRIES = 20;
const MEASURED = /^(edge|worker-sandbox)/;

const dataDirectory = mkdtempSync(path.join(tmpdir(), 'switchyard-bench-'));
const stack = await startStack({
  root,
  dataDirectory,
  port: 0,
  workers: 1,
  progress: console.error,
  environment: { PATH: process.env.PATH, HOME: process.env.HOME, SIMULATOR_TOKENS_PER_SECOND: '0' },
});

const megabytes = (pid, field) =>
  Math.round(
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
  );
const measured = () => stack.services().filter(({ name }) => MEASURED.test(name));
const resident = () => Object.fromEntries(measured().map(({ name, pid }) => [name, megabytes(pid, 'VmRSS')]));
const peak = () => Object.fromEntries(measured().map(({ name, pid }) => [name, megabytes(pid, 'VmHWM')]));
/** Linux forgets the highest mark of a process when a 5 is written here. */
const forgetPeak = () => measured().forEach(({ pid }) => writeFileSync(`/proc/${pid}/clear_refs`, '5'));
const settle = () => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));

/** A process that is still busy with what came before says so and is asked again. */
async function ask(body) {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const bytes = await send(body);
    if (bytes !== null) return bytes;
    await settle();
  }
  throw new Error(`busy ${MAX_TRIES} times in a row`);
}

async function send(body) {
  const response = await fetch(`${stack.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${stack.account.apiKey}`, 'content-type': 'application/json' },
    body,
  });
  let bytes = 0;
  for await (const chunk of response.body) bytes += chunk.length;
  if (response.status === 503) return null;
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  return bytes;
}

const picture = `data:image/png;base64,${Buffer.alloc(PICTURE_BYTES, 7).toString('base64')}`;
const RUNS = [
  {
    name: `picture of ${PICTURE_BYTES / 1e6} MB`,
    body: JSON.stringify({
      model: 'sandbox/vision',
      messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: picture } }] }],
    }),
  },
  {
    name: `stream of ${ANSWER_BYTES / 1024 / 1024} MiB in 10,000 events`,
    body: JSON.stringify({
      model: 'sandbox/echo',
      stream: true,
      messages: [{ role: 'user', content: '[[fault: tokens=10000]]' }],
    }),
  },
  {
    name: `stream with ${ANSWER_BYTES / 1024 / 1024} MiB in one event`,
    body: JSON.stringify({
      model: 'sandbox/echo',
      stream: true,
      messages: [{ role: 'user', content: `[[fault: tokens=20 huge_line bytes=${ANSWER_BYTES}]]` }],
    }),
  },
];

try {
  await ask(JSON.stringify({ model: 'sandbox/echo', messages: [{ role: 'user', content: 'Hello!' }] }));
  await settle();
  const rows = [];
  for (const { name, body } of RUNS)
    for (let round = 1; round <= ROUNDS; round += 1) {
      const before = resident();
      forgetPeak();
      const answers = await Promise.all(Array.from({ length: PARALLEL }, () => ask(body)));
      const highest = peak();
      await settle();
      const after = resident();
      for (const process of Object.keys(before))
        rows.push({
          run: name,
          round,
          process,
          beforeMb: before[process],
          peakMb: highest[process],
          afterMb: after[process],
          answerBytes: answers[0],
        });
    }
  console.table(rows);
  if (process.env.BENCH_OUTPUT)
    writeFileSync(process.env.BENCH_OUTPUT, `${JSON.stringify({ parallel: PARALLEL, rows }, null, 2)}\n`);
} finally {
  await stack.stop();
  rmSync(dataDirectory, { recursive: true, force: true });
}
