/** Exports of @switchyard/protocols. */
export const packageName = '@switchyard/protocols';
