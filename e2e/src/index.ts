/** Exports of @switchyard/e2e. */
export const packageName = '@switchyard/e2e';
