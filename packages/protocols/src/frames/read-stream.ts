import type { CompletionEvent } from '@switchyard/contracts';
import type { StreamReader } from '../types.js';
import { FrameReader } from './frame-reader.js';

/** Drives a reader with bytes: the asynchronous form of {@link StreamReader}. Ends at the terminal event or the end of input. */
export async function* readStream(
  chunks: AsyncIterable<Uint8Array>,
  reader: StreamReader,
): AsyncGenerator<CompletionEvent> {
  const frames = new FrameReader();
  for await (const chunk of chunks) {
    for (const frame of frames.push(chunk)) {
      yield* reader.read(frame);
      if (reader.done) break;
    }
    if (reader.done || frames.failure) break;
  }
  if (!reader.done) for (const frame of frames.end()) yield* reader.read(frame);
  if (frames.failure && !reader.done) yield { type: 'error', failure: frames.failure };
  else yield* reader.end();
}
