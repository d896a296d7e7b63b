import { Injectable } from '@nestjs/common';
import { Drain } from './drain.js';

export type Probe = () => void | Promise<void>;

export interface Readiness {
  readonly ready: boolean;
  /** `ok`, or what is wrong. */
  readonly checks: Readonly<Record<string, string>>;
}

const PROBE_DEADLINE_MS = 1_000;

/** What must hold for the process to be given work; asked by `/readyz`. */
@Injectable()
export class Health {
  readonly #probes = new Map<string, Probe>();
  #started = false;

  constructor(private readonly drain: Drain) {}

  /** The probe throws, or rejects, or takes longer than a second, when the process should not be given work. */
  check(name: string, probe: Probe): void {
    if (this.#probes.has(name)) throw new Error(`there is a health check named ${name} already`);
    this.#probes.set(name, probe);
  }

  /** The start is over: before, the process is never ready. */
  markStarted(): void {
    this.#started = true;
  }

  async readiness(): Promise<Readiness> {
    if (this.drain.draining) return { ready: false, checks: { shutdown: 'the process is stopping' } };
    if (!this.#started) return { ready: false, checks: { start: 'the process is starting' } };
    const entries = await Promise.all(
      [...this.#probes].map(async ([name, probe]) => [name, await verdict(probe)] as const),
    );
    return { ready: entries.every(([, result]) => result === 'ok'), checks: Object.fromEntries(entries) };
  }
}

async function verdict(probe: Probe): Promise<string> {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(`no answer within ${PROBE_DEADLINE_MS} ms`), PROBE_DEADLINE_MS);
  try {
    return await Promise.race([Promise.resolve(probe()).then(() => 'ok'), late]);
  } catch (error) {
    return error instanceof Error && error.message !== '' ? error.message : 'failed';
  } finally {
    clearTimeout(timer);
  }
}
