// A worker for tests that kill and freeze processes: serves streams as their meta says, and prints each call.
import { StreamStrategy } from '../../../dist/stream/index.js';

const sleep = (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs));
const { NATS_URL, PROVIDER } = process.env;
const strategy = new StreamStrategy({ servers: NATS_URL, provider: PROVIDER });

strategy.addHandler('call', async (context) => {
  const { seed, chunks, bytes, pauseMs, headAfterMs = 0 } = context.meta;
  console.log(seed);
  await sleep(headAfterMs);
  context.head({ pid: process.pid });
  for (let number = 0; number < chunks && !context.signal.aborted; number += 1) {
    const chunk = new Uint8Array(bytes);
    for (let index = 0; index < bytes; index += 1) {
      chunk[index] = (seed * 131 + number * 17 + index * 7 + (index >> 8)) & 0xff;
    }
    await context.write(chunk);
    await sleep(pauseMs);
  }
  await context.end({ cancelled: context.signal.aborted });
});

await strategy.listen((error) => {
  if (error) throw error;
  console.log('ready');
});
const stop = async () => {
  await strategy.drain(30_000);
  await strategy.close();
  process.exit(0);
};
process.on('SIGTERM', () => void stop());
