/** Exports of @switchyard/database. */
export const packageName = '@switchyard/database';
