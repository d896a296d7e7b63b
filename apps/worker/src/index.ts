/** Exports of @switchyard/worker. */
export const packageName = '@switchyard/worker';
