import { bodyOf, openClient } from '../measure/client.js';
import { readProcesses } from '../measure/processes.js';
import { ascending, percentile, rounded } from '../measure/statistics.js';
import type { Target } from '../targets/target.js';
import { pace, type Run } from './run.js';

const TOKENS_PER_SECOND = 20;
const SAMPLE_MS = 1_000;

/** Resident memory of all processes of a target together, without the database and the broker. */
const memoryOf = (target: Target): number =>
  [...readProcesses(target.processes().filter(({ name }) => !/^(postgres|nats)/.test(name))).values()].reduce(
    (sum, { rssMb }) => sum + rssMb,
    0,
  );

/** Streams that all run at the same time at the pace of a model, for so many seconds. */
export function heldStreams(count: number, seconds: number): Run {
  const asked = pace(seconds * TOKENS_PER_SECOND, TOKENS_PER_SECOND);
  return {
    name: `${count} streams at ${TOKENS_PER_SECOND} tokens/s for ${seconds} s`,
    paces: [asked],
    rounds: 1,
    async measure(target) {
      const idleMb = memoryOf(target);
      let peakMb = idleMb;
      const timer = setInterval(() => (peakMb = Math.max(peakMb, memoryOf(target))), SAMPLE_MS);
      const client = openClient(target, bodyOf(target, asked, { stream: true }), { connections: count, stream: true });
      const running = Array.from({ length: count }, async (_, index) => {
        // Spread over two seconds: a thousand handshakes at once are another measurement.
        await new Promise((resolve) => setTimeout(resolve, (index * 2_000) / count));
        return client.send();
      });
      const exchanges = await Promise.all(running);
      clearInterval(timer);
      await client.close();
      const afterMb = memoryOf(target);
      const gaps = ascending(exchanges.flatMap(({ gapsMs }) => gapsMs));
      return {
        cut: exchanges.filter(({ ok }) => !ok).length,
        gapP50Ms: rounded(percentile(gaps, 0.5)),
        gapP99Ms: rounded(percentile(gaps, 0.99)),
        idleMb: Math.round(idleMb),
        peakMb: Math.round(peakMb),
        afterMb: Math.round(afterMb),
      };
    },
  };
}
