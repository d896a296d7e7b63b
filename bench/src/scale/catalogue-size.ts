import { startSwitchyard } from '../targets/switchyard.js';
import type { Figures } from '../runs/run.js';
import { GrowingCatalogue } from './growing-catalogue.js';
import { measureSize, resultsOf, SERIES_PACES, type Series } from './series.js';

const SIZES = [300, 3_000, 30_000];

/** One system whose catalogue grows while it runs, so that nothing else differs. */
export const catalogueSize: Series = {
  name: 'scale: endpoints in the catalogue',
  async measure(context) {
    const target = await startSwitchyard({ ...context, paces: SERIES_PACES });
    try {
      const catalogue = await GrowingCatalogue.open(target);
      try {
        const sizes = new Map<string, Map<string, readonly Figures[]>>();
        for (const endpoints of SIZES) {
          await catalogue.resize(Math.max(SIZES[0]!, Math.round(endpoints * Math.min(1, context.scale))));
          context.progress(`the catalogue has ${catalogue.endpoints} endpoints`);
          sizes.set(`${catalogue.endpoints} endpoints`, await measureSize(target, context));
        }
        return resultsOf(catalogueSize.name, sizes);
      } finally {
        await catalogue.close();
      }
    } finally {
      await target.stop();
    }
  },
};
