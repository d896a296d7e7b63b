/** Exports of @switchyard/local. */
export const packageName = '@switchyard/local';
