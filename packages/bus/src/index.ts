/** Exports of @switchyard/bus. */
export const packageName = '@switchyard/bus';
