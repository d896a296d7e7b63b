/** Exports of @switchyard/prober. */
export const packageName = '@switchyard/prober';
