import { bodyOf, openClient } from '../measure/client.js';
import { closedLoop } from '../measure/load.js';
import { closed, throughput } from '../runs/closed.js';
import { interleave, type Column } from '../runs/interleave.js';
import { pace, scaled } from '../runs/run.js';
import { startSwitchyard, type SwitchyardTarget } from '../targets/switchyard.js';
import { makeKeys } from './many-keys.js';
import { memoryOf, type Series } from './series.js';

const FEW = 10;
const MANY = 100_000;
const LANES = 32;
const PER_ROUND = 3_000;
const PACE = pace(20);
/** One address uses all keys here, which elsewhere would be somebody who guesses them. */
const ENVIRONMENT = { KEY_MISSES_PER_SECOND: '1000000', KEY_MISS_BURST: '1000000' };

const inTurn = (keys: readonly string[]): (() => string) => {
  let used = 0;
  return () => keys[used++ % keys.length]!;
};

/** Requests whose keys come in turn, in rounds of one process's whole life. */
const columnOf = (name: string, target: SwitchyardTarget, nextKey: () => string): Column => {
  const run = closed(name, PACE, { lanes: LANES, total: PER_ROUND, stream: false, nextKey }, throughput);
  return { name, measure: async (scale) => ({ ...(await run.measure(target, scale)), ...memoryOf(target) }) };
};

async function useAll(target: SwitchyardTarget, keys: readonly string[]): Promise<void> {
  const body = bodyOf(target, PACE, { stream: false });
  const client = openClient(target, body, { connections: LANES, stream: false, nextKey: inTurn(keys) });
  const { exchanges } = await closedLoop(client, LANES, keys.length);
  await client.close();
  const failed = exchanges.filter(({ ok }) => !ok).length;
  if (failed > 0) console.error(`${failed} of ${keys.length} keys failed`);
}

/**
 * Many keys in one system: a few that are always used, so many that each is used for the first time (asked for at auth, credit
 * borrowed from the ledger), and all of them again when the edge holds something of each.
 */
export const keys: Series = {
  name: 'scale: keys',
  async measure(context) {
    const target = await startSwitchyard({ ...context, paces: [PACE], environment: ENVIRONMENT });
    try {
      const made = await makeKeys(target, Math.max(PER_ROUND, scaled(MANY, context.scale)));
      context.progress(`${made.length} keys`);
      const few = inTurn(made.slice(0, FEW));
      const many = made.slice(FEW);
      // The rest, so that no key of "first" was used by a warm-up.
      await columnOf('warm-up', target, few).measure(context.scale);
      const first = await interleave(
        [columnOf(`${FEW} keys`, target, few), columnOf(`${made.length} keys, first use`, target, inTurn(many))],
        { ...context, warmUp: 0 },
      );
      await useAll(target, many);
      context.progress('every key was used');
      const again = await interleave(
        [
          columnOf(`${FEW} keys after all were used`, target, few),
          columnOf(`${made.length} keys, again`, target, inTurn(many)),
        ],
        { ...context, warmUp: 0 },
      );
      return [{ run: `${keys.name}; requests, ${LANES} connections`, rounds: { ...first, ...again } }];
    } finally {
      await target.stop();
    }
  },
};
