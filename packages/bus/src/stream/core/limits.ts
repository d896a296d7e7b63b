/** Sizes and counts of the data plane; bytes unless the name says otherwise. */
export const DEFAULT_WINDOW_BYTES = 64 * 1024;
export const MAX_WINDOW_BYTES = 1024 * 1024;
/** A data frame is published when this much waits, however young it is. */
export const COALESCE_BYTES = 16 * 1024;
/** Largest payload of one data frame. */
export const MAX_DATA_FRAME_BYTES = 32 * 1024;
/** What several streams send within a turn is one message up to here; a frame of any kind fits beside it in `max_payload`. */
export const MAX_PACK_BYTES = 256 * 1024;
export const MAX_PACKED_FRAMES = 512;
/** Frames of one byte must not make a ring of 65,536 entries out of a window of 64 KiB. */
export const MAX_RING_FRAMES = 1024;
/** Meta of `head`, `end` and `fail`, and of a call. */
export const MAX_META_BYTES = 256 * 1024;
/** Bodies up to this size travel inside the call. */
export const MAX_INLINE_BODY_BYTES = 512 * 1024;
export const BODY_CHUNK_BYTES = 256 * 1024;
/** Chunks of a body that may be under way without a confirmation. */
export const BODY_WINDOW_CHUNKS = 4;
export const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Request bodies that one worker process holds at a time. */
export const BODY_BUDGET_BYTES = 256 * 1024 * 1024;
export const CALL_TRIES = 2;
/** A busy worker answers at once, so another of its group is asked at once, this often. */
export const BUSY_TRIES = 3;
export const DEFAULT_CAPACITY_STREAMS = 1000;
export const DEFAULT_CONNECTIONS = 2;
/** An edge whose event loop is later than this takes no new streams, before the broker cuts it. */
export const MAX_LAG_MS = 200;
export const MAX_REASON_CHARACTERS = 200;
