import type { ServerProcess } from '@switchyard/testing';

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** A server that ran for this long was really up: its next end is news, and it is started at once. */
const STABLE_AFTER_MS = 10_000;

export interface KeepRunning {
  readonly name: string;
  /** The process of now. */
  readonly current: () => ServerProcess;
  /** Starts it again on the same data. */
  readonly again: () => Promise<void>;
  readonly state: { readonly stopping: boolean };
  readonly note: (line: string) => void;
}

/** Starts a server again whenever it ends by itself, for as long as `stopping` says no and however often it takes. */
export async function keepRunning({ name, current, again, state, note }: KeepRunning): Promise<void> {
  let retryMs = 0;
  for (;;) {
    const upSince = performance.now();
    await current().exited;
    if (performance.now() - upSince > STABLE_AFTER_MS) retryMs = 0;
    await new Promise((resolve) => setTimeout(resolve, retryMs));
    retryMs = Math.min(Math.max(retryMs * 2, FIRST_RETRY_MS), LAST_RETRY_MS);
    if (state.stopping) return;
    note(`${name} ended by itself; starting it again`);
    try {
      await again();
    } catch (error) {
      note(`${name} could not be started again: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
