import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { NamedProcess } from '../targets/target.js';

/** Of Linux, for every program: processor time in /proc is counted in hundredths of a second. */
const TICK_MS = 10;

export interface Reading {
  /** User and system. */
  readonly cpuMs: number;
  readonly rssMb: number;
}

/** Servers that are no part of a gateway: their cost is counted apart. */
export const isServer = ({ name }: { readonly name: string }): boolean => /^(?:postgres|nats)/.test(name);

function statOf(pid: number): { parent: number; cpuMs: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything, also parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS };
  } catch {
    return null;
  }
}

/** A line of a file that the kernel writes about a process, in megabytes; 0 when there is no such process. */
function megabytes(pid: number, file: string, field: string): number {
  try {
    const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
    return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The members of each process's family: itself and all that descends from it. Linux only: elsewhere there are none. */
function families(processes: readonly NamedProcess[]): Map<string, readonly { pid: number; cpuMs: number }[]> {
  const children = new Map<number, number[]>();
  const stats = new Map<number, { parent: number; cpuMs: number }>();
  let all: number[] = [];
  try {
    all = readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    // No /proc: nothing can be said.
  }
  for (const pid of all) {
    const stat = statOf(pid);
    if (!stat) continue;
    stats.set(pid, stat);
    const siblings = children.get(stat.parent);
    if (siblings) siblings.push(pid);
    else children.set(stat.parent, [pid]);
  }
  const family = (pid: number): number[] => [pid, ...(children.get(pid) ?? []).flatMap(family)];
  return new Map(
    processes.map(({ name, pid }) => [name, family(pid).map((pid) => ({ pid, cpuMs: stats.get(pid)?.cpuMs ?? 0 }))]),
  );
}

/** Processor time and resident memory by name, children included. Linux only: elsewhere everything is zero. */
export const readProcesses = (processes: readonly NamedProcess[]): Map<string, Reading> =>
  new Map(
    [...families(processes)].map(([name, members]) => [
      name,
      {
        cpuMs: members.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
        rssMb: members.reduce((sum, { pid }) => sum + megabytes(pid, 'status', 'VmRSS'), 0),
      },
    ]),
  );

/** Resident memory of all of them together. Pages that processes share count once for each, as tools show it. */
export const residentMb = (processes: readonly NamedProcess[]): number =>
  [...readProcesses(processes).values()].reduce((sum, { rssMb }) => sum + rssMb, 0);

/** The same, where a page that n processes share counts as an nth for each: what the machine has to have. */
export const proportionalMb = (processes: readonly NamedProcess[]): number =>
  [...families(processes).values()].flat().reduce((sum, { pid }) => sum + megabytes(pid, 'smaps_rollup', 'Pss'), 0);

/** The highest mark of a process's resident memory since it started or {@link forgetPeak}. */
export const peakMb = ({ pid }: NamedProcess): number => megabytes(pid, 'status', 'VmHWM');

/** Linux forgets the highest mark of a process when a 5 is written here. */
export const forgetPeak = ({ pid }: NamedProcess): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

/** Microseconds of processor time per request, by process. */
export function cpuPerRequest(
  before: ReadonlyMap<string, Reading>,
  after: ReadonlyMap<string, Reading>,
  requests: number,
): Record<string, number> {
  return Object.fromEntries(
    [...after].map(([name, { cpuMs }]) => [
      name,
      Math.round(((cpuMs - (before.get(name)?.cpuMs ?? 0)) * 1_000) / requests),
    ]),
  );
}
