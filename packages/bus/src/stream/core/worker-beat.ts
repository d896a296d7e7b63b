import { decodeJson, encodeJson } from './frame.js';

/** What a worker says of itself every second. */
export interface WorkerBeat {
  readonly inFlight: number;
  readonly capacity: number;
  readonly draining: boolean;
  /** Of the protocol. */
  readonly version: number;
}

export const encodeWorkerBeat = (beat: WorkerBeat): Uint8Array => encodeJson(beat);

/** Whether the worker can take a stream; not if the beat cannot be read. */
export function hasRoom(data: Uint8Array): boolean {
  try {
    const beat = decodeJson(data) as Partial<WorkerBeat> | null;
    return beat?.draining === false && Number(beat.inFlight) < Number(beat.capacity);
  } catch {
    return false;
  }
}
