import { readFileSync } from 'node:fs';

/** Resident memory of a process, now and at its most, in bytes. Linux tells; elsewhere nothing is known. */
export function memoryOf(pid: number): { readonly now: number; readonly most: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1_024;
  return { now: read('VmRSS'), most: read('VmHWM') };
}
