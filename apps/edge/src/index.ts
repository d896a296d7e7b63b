/** Exports of @switchyard/edge. */
export const packageName = '@switchyard/edge';
