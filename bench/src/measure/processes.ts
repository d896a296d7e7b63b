import { readdirSync, readFileSync } from 'node:fs';
import type { NamedProcess } from '../targets/target.js';

/** Of Linux, for every program: processor time in /proc is counted in hundredths of a second. */
const TICK_MS = 10;

interface Reading {
  readonly cpuMs: number;
  readonly rssMb: number;
}

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

function rssOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Processor time (user and system) and resident memory by name, children included. Linux only: elsewhere everything is zero. */
export function readProcesses(processes: readonly NamedProcess[]): Map<string, Reading> {
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
    processes.map(({ name, pid }) => {
      const pids = family(pid);
      return [
        name,
        {
          cpuMs: pids.reduce((sum, member) => sum + (stats.get(member)?.cpuMs ?? 0), 0),
          rssMb: pids.reduce((sum, member) => sum + rssOf(member), 0),
        },
      ];
    }),
  );
}

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
