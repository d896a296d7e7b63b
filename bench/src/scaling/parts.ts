import type { Costs } from './cost.js';
import { booksTable, deathTable, placesTable, saturationTable, waitsTable } from './simulated-tables.js';
import {
  carriesTable,
  coreTable,
  costsTable,
  growthTable,
  lendingTable,
  millionTable,
  partsTable,
  storeTable,
} from './tables.js';

/** Everything on docs/scaling.md that follows from the figures, by the name of its place. */
export const partsOf = (costs: Costs): Record<string, string> => ({
  measured: costs.measured,
  costs: costsTable(costs),
  core: coreTable(costs),
  parts: partsTable(costs),
  carries: carriesTable(costs),
  growth: growthTable(costs),
  million: millionTable(costs),
  lending: lendingTable(costs),
  store: storeTable(costs),
  waits: waitsTable(costs),
  saturation: saturationTable(costs),
  death: deathTable(costs),
  places: placesTable(),
  books: booksTable(costs),
});
