import { SUPERSEDED } from '@switchyard/bus';
import type { Silent, Spoken } from './attempt-caller.service.js';
import type { PlannedAttempt } from './attempt-plan.js';

/** One of several attempts that run at the same time. */
export interface Runner<T> {
  readonly planned: PlannedAttempt;
  readonly controller: AbortController;
  readonly tried: Promise<Spoken<T> | Silent>;
}

/** Starts an attempt that can be called off alone, and ends with the client as well. */
export function runner<T>(
  planned: PlannedAttempt,
  client: AbortSignal,
  call: (signal: AbortSignal) => Promise<Spoken<T> | Silent>,
): Runner<T> {
  const controller = new AbortController();
  const onGone = () => controller.abort(client.reason);
  if (client.aborted) onGone();
  client.addEventListener('abort', onGone, { once: true });
  // The signal goes on with the stream of the one that speaks: who has spoken is ended by the client through its answer.
  const tried = call(controller.signal).finally(() => client.removeEventListener('abort', onGone));
  return { planned, controller, tried };
}

/** Waits for the first runner; null when it takes longer than `delayMs`. */
export async function within<T>(tried: Promise<T>, delayMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), delayMs)));
  try {
    return await Promise.race([tried, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Calls off an attempt that another one has overtaken, also one that spoke a moment later. */
export function supersede<T>({ controller, tried }: Runner<T>): void {
  controller.abort(SUPERSEDED);
  tried.then(
    (late) => ('stream' in late ? late.stream.cancel(SUPERSEDED) : undefined),
    () => undefined,
  );
}
