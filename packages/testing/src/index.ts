/** Exports of @switchyard/testing. */
export const packageName = '@switchyard/testing';
