/** Exports of @switchyard/registry. */
export const packageName = '@switchyard/registry';
