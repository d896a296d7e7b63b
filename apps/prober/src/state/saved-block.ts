import { escapeKey } from '@switchyard/contracts';
import { z } from 'zod';
import { STORED_BLOCKS } from '../windows/endpoint-windows.js';
import { SavedSlice } from '../windows/slice.js';

/** Five minutes of one endpoint, as they are kept for the next process. */
export const SavedBlock = z.object({
  endpointId: z.string(),
  modelId: z.string(),
  /** Counts five minutes since the epoch. */
  block: z.int().nonnegative(),
  slices: z.array(SavedSlice),
  /** Up to which of its outcomes each worker is in here. */
  heard: z.record(z.string(), z.int().positive()),
  failuresInARow: z.int().nonnegative(),
});
export type SavedBlock = z.output<typeof SavedBlock>;

const PREFIX = 'block.';

/** A place for each of the blocks that are stored at a time: a new one takes that of the oldest. */
export const blockKey = ({ endpointId, block }: Pick<SavedBlock, 'endpointId' | 'block'>): string =>
  `${PREFIX}${block % STORED_BLOCKS}.${escapeKey(endpointId)}`;

export const blockKeys = (endpointId: string): readonly string[] =>
  Array.from({ length: STORED_BLOCKS }, (_, block) => blockKey({ endpointId, block }));

export const isBlockKey = (key: string): boolean => key.startsWith(PREFIX);
