import type { Figures, ReconciledDay, ReconcileUsage, ReplyOf } from '@switchyard/contracts';
import type { BookedDay } from '../activity/activity.repository.js';
import { addFigures, type BilledDay } from './provider-export.js';

type Comparison = Pick<ReplyOf<typeof ReconcileUsage>, 'days' | 'models'>;

const FIGURES = [
  'requests',
  'inputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'cacheWrite1hTokens',
  'outputTokens',
] as const satisfies readonly (keyof Figures)[];

/** Providers round what they bill per line: a difference below a hundredth of a cent per model and day is none. */
const ROUNDING_PICOS = 100_000_000n;

/**
 * Sets what a provider billed against what we booked. A provider names a model by its snapshot where we asked for its alias
 * (`gpt-4o-mini-2024-07-18` for `gpt-4o-mini`), so a name that we never used counts for the name without its date.
 */
export function compare(ours: readonly BookedDay[], theirs: readonly BilledDay[]): Comparison {
  const used = new Set(ours.map(({ model }) => model));
  const billed = theirs.map((line) => ({ ...line, model: knownName(line.model, used) }));
  const days = [...new Set([...ours, ...billed].map(({ day }) => day))].toSorted();
  const perDay = days.flatMap((day) => {
    const onDay = (line: BilledDay | BookedDay) => line.day === day;
    return byModel(ours.filter(onDay), billed.filter(onDay)).map((entry) => ({ day, ...entry }));
  });
  return { days: perDay, models: byModel(ours, billed) };
}

const DATED = /[-@](?:\d{4}-\d{2}-\d{2}|\d{8})$/;

const knownName = (model: string, used: ReadonlySet<string>): string => {
  const undated = model.replace(DATED, '');
  return !used.has(model) && used.has(undated) ? undated : model;
};

function byModel(ours: readonly BookedDay[], theirs: readonly BilledDay[]): Omit<ReconciledDay, 'day'>[] {
  const models = [...new Set([...ours, ...theirs].map(({ model }) => model))].toSorted();
  return models.map((model) => {
    const here = sum(ours, model);
    const there = sum(theirs, model);
    return { model, status: statusOf(here, there), ours: here, theirs: there };
  });
}

function sum(lines: readonly (BookedDay | BilledDay)[], wanted: string): Figures | null {
  const figures = lines.filter(({ model }) => model === wanted).map((line) => line.figures);
  return figures.length === 0 ? null : figures.reduce(addFigures);
}

function statusOf(ours: Figures | null, theirs: Figures | null): ReconciledDay['status'] {
  if (!ours) return 'missing_here';
  if (!theirs) return 'missing_there';
  // Only what both sides know can be compared: a cost report has no tokens, a usage report no cost.
  const same = FIGURES.every((name) => ours[name] === null || theirs[name] === null || ours[name] === theirs[name]);
  return same && sameCost(ours.costPicos, theirs.costPicos) ? 'matched' : 'drifting';
}

function sameCost(ours: bigint | null, theirs: bigint | null): boolean {
  if (ours === null || theirs === null) return true;
  const difference = ours > theirs ? ours - theirs : theirs - ours;
  return difference < ROUNDING_PICOS;
}
