/** Exports of @switchyard/telemetry. */
export const packageName = '@switchyard/telemetry';
