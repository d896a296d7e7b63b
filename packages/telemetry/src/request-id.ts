import { AsyncLocalStorage } from 'node:async_hooks';

const requestIds = new AsyncLocalStorage<string>();

/** Runs `fn` on behalf of a public request: log lines and calls to other services made inside carry its id. */
export const runWithRequestId = <T>(requestId: string | undefined, fn: () => T): T =>
  requestId === undefined ? fn() : requestIds.run(requestId, fn);

/** The id of the public request that is being worked on, where there is one. */
export const currentRequestId = (): string | undefined => requestIds.getStore();
