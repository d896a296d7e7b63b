import type { Figures } from './run.js';

export interface Column {
  readonly name: string;
  /** @param scale share of the usual number of requests */
  measure(scale: number): Promise<Figures>;
}

/** Share of the work that goes before the first round, so that connections are open and what is new to a process is compiled. */
export const WARM_UP = 0.2;

/** Every column's figures of every round. Forwards and backwards, so that nobody always follows the same neighbour. */
export async function interleave(
  columns: readonly Column[],
  { rounds, scale, warmUp }: { rounds: number; scale: number; warmUp: number },
): Promise<Record<string, Figures[]>> {
  const measured: Record<string, Figures[]> = Object.fromEntries(columns.map(({ name }) => [name, []]));
  if (warmUp > 0) for (const column of columns) await column.measure(warmUp * scale);
  for (let round = 0; round < rounds; round += 1)
    for (const column of round % 2 === 0 ? columns : columns.toReversed())
      measured[column.name]!.push(await column.measure(scale));
  return measured;
}
