/** Sizes and times of the way to a provider. */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
export const MAX_STREAM_BYTES = 256 * 1024 * 1024;
export const MAX_ERROR_BYTES = 64 * 1024;
export const MAX_RESPONSE_HEADER_BYTES = 32 * 1024;
export const KEEP_ALIVE_MS = 10_000;
/** An error body that takes longer is cut off and judged by its status. */
export const ERROR_BODY_MS = 5_000;
/** A provider that said its finish but neither usage nor the end may take this long with them. */
export const FINISH_GRACE_MS = 5_000;
/** A whole answer was read: how long and how far the connection is read on, so that it can be used again. */
export const TIDY_MS = 1_000;
export const TIDY_BYTES = 64 * 1024;
/** What a client is told to wait at most, whatever the provider says. */
export const MAX_RETRY_AFTER_MS = 300_000;
/** Cancelled answers that the provider bills to their end are read on without the client: so long, so far, so many. */
export const DRAIN_MS = 30_000;
export const DRAIN_BYTES = 1024 * 1024;
export const MAX_DRAINS = 64;
