import type { Figures } from '../runs/run.js';
import { startSwitchyard } from '../targets/switchyard.js';
import { measureSize, resultsOf, SERIES_PACES, type Series } from './series.js';

const COUNTS = [1, 2, 4];

/** So many edges, between which requests alternate, and as many workers. */
export const processCount: Series = {
  name: 'scale: edges and workers',
  async measure(context) {
    const sizes = new Map<string, Map<string, readonly Figures[]>>();
    for (const count of COUNTS) {
      const target = await startSwitchyard({ ...context, paces: SERIES_PACES, edges: count, workers: count });
      try {
        sizes.set(`${count} + ${count}`, await measureSize(target, context));
      } finally {
        await target.stop();
      }
    }
    return resultsOf(processCount.name, sizes);
  },
};
