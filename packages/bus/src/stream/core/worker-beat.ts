import { decodeJson, encodeJson } from './frame.js';
import { isId } from './subjects.js';

/** What a worker says of itself every second, through each of its connections. */
export interface WorkerBeat {
  readonly inFlight: number;
  readonly capacity: number;
  readonly draining: boolean;
  /** Of the protocol. */
  readonly version: number;
  /** Name of the connection. */
  readonly address: string;
  /** The clock of the worker, monotonic. */
  readonly clockMs: number;
}

export const encodeWorkerBeat = (beat: WorkerBeat): Uint8Array => encodeJson(beat);

/** What an edge takes from a heartbeat. */
export interface HeardBeat {
  /** Whether the worker can take a stream; not if the beat cannot be read. */
  readonly hasRoom: boolean;
  /** Where a stream may begin without a claim; null if the worker does not say. */
  readonly connection: { readonly address: string; readonly clockMs: number } | null;
}

const UNREADABLE: HeardBeat = { hasRoom: false, connection: null };

export function decodeWorkerBeat(data: Uint8Array): HeardBeat {
  try {
    const beat = decodeJson(data) as Partial<WorkerBeat> | null;
    if (!beat) return UNREADABLE;
    const { address, clockMs } = beat;
    const known = typeof address === 'string' && isId(address) && Number.isFinite(clockMs);
    return {
      hasRoom: beat.draining === false && Number(beat.inFlight) < Number(beat.capacity),
      connection: known ? { address, clockMs: clockMs as number } : null,
    };
  } catch {
    return UNREADABLE;
  }
}
