/** Exports of @switchyard/providers. */
export const packageName = '@switchyard/providers';
