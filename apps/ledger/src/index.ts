/** Exports of @switchyard/ledger. */
export const packageName = '@switchyard/ledger';
