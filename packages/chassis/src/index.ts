/** Exports of @switchyard/chassis. */
export const packageName = '@switchyard/chassis';
