/** Exports of @switchyard/auth. */
export const packageName = '@switchyard/auth';
