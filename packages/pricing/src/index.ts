/** Exports of @switchyard/pricing. */
export const packageName = '@switchyard/pricing';
