import { differences, ratios, rounded, summary, type Summary } from './measure/statistics.js';
import type { Figures } from './runs/run.js';

/** Of one run: every round's figures of every target, in the order of the rounds. */
export interface RunResult {
  readonly run: string;
  readonly rounds: Readonly<Record<string, readonly Figures[]>>;
}

const column = (rounds: readonly Figures[], figure: string): number[] =>
  rounds.map((figures) => figures[figure]).filter((value) => value !== undefined);

/** Medians with their spread, by target and figure. */
export function summaries({ rounds }: RunResult): Record<string, Record<string, Summary>> {
  return Object.fromEntries(
    Object.entries(rounds).map(([target, figures]) => [
      target,
      Object.fromEntries(Object.keys(figures[0] ?? {}).map((name) => [name, summary(column(figures, name))])),
    ]),
  );
}

/** Times of which those of the upstream alone are a part. */
const ADDED = ['p50Ms', 'p99Ms', 'gapP50Ms', 'gapP99Ms'];
export const UPSTREAM_ALONE = 'direct';

/** What each target adds to the times of the upstream alone, as measured in the same round: medians with their spread. */
export function added({ rounds }: RunResult): Record<string, Record<string, Summary>> {
  const alone = rounds[UPSTREAM_ALONE] ?? [];
  return Object.fromEntries(
    Object.entries(rounds)
      .filter(([target]) => target !== UPSTREAM_ALONE)
      .map(([target, figures]) => [
        target,
        Object.fromEntries(
          ADDED.map((name) => [name, differences(column(figures, name), column(alone, name))] as const)
            .filter(([, values]) => values.length > 0)
            .map(([name, values]) => [`added ${name}`, summary(values)]),
        ),
      ]),
  );
}

const shown = ({ median, low, high }: Summary): string =>
  low === high ? `${rounded(median)}` : `${rounded(median)} (${rounded(low)}–${rounded(high)})`;

/** A Markdown table of a run; single processes' processor time has a table of its own. */
export function tableOf(result: RunResult): string {
  const more = added(result);
  const all = Object.fromEntries(
    Object.entries(summaries(result)).map(([target, figures]) => [target, { ...figures, ...more[target] }]),
  );
  const targets = Object.keys(all);
  const names = [...new Set(targets.flatMap((target) => Object.keys(all[target] ?? {})))];
  const figures = names.filter((name) => !name.startsWith('cpuUs '));
  const lines = [
    `| ${result.run} | ${targets.join(' | ')} |`,
    `| --- |${' --- |'.repeat(targets.length)}`,
    ...figures.map(
      (name) =>
        `| ${name} | ${targets.map((target) => (all[target]?.[name] ? shown(all[target][name]) : '')).join(' | ')} |`,
    ),
  ];
  const processes = names.filter((name) => name.startsWith('cpuUs '));
  const perProcess = targets.flatMap((target) => {
    const parts = processes
      .filter((name) => all[target]?.[name])
      .map((name) => `${name.slice('cpuUs '.length)} ${rounded(all[target]![name]!.median, 0)}`);
    return parts.length > 0 ? [`${target}: ${parts.join(', ')}`] : [];
  });
  if (perProcess.length > 0) lines.push('', `Microseconds of processor time each. ${perProcess.join('; ')}.`);
  return lines.join('\n');
}

/** How one target compares with another, pair by pair, where both have the figure. */
export function comparison(result: RunResult, ours: string, theirs: string, figure: string): Summary | null {
  const mine = column(result.rounds[ours] ?? [], figure);
  const other = column(result.rounds[theirs] ?? [], figure);
  return mine.length > 0 && other.length > 0 ? summary(ratios(mine, other)) : null;
}
