import { StreamFailure, busFailure } from '../core/failure.js';
import type { EdgeStream } from '../core/edge-stream.js';
import type { WorkerStream } from '../core/worker-stream.js';
import type { World } from './world.js';
import { PROVIDER } from './processes.js';
import type { SimulatedEdge, SimulatedWorker } from './processes.js';

/** One request of a scenario: what the worker will write and how the client behaves. */
export interface Request {
  /** When it comes: before the edge has heard of any worker, or after. */
  readonly openMs: number;
  readonly chunkBytes: readonly number[];
  readonly pauseMs: number;
  readonly bodyBytes: number;
  readonly windowBytes: number;
  /** The worker fails after this many chunks. */
  readonly failAfter: number | null;
  /** The client goes away after this many bytes. */
  readonly cancelAfterBytes: number | null;
  readonly clientPauseMs: number;
  /** The worker asks the edge before each chunk, beside the stream, until it is answered. */
  readonly metered: boolean;
}

export type Result =
  | { readonly kind: 'running' }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly code: string }
  | { readonly kind: 'cancelled'; readonly outcome: string }
  | { readonly kind: 'wrong'; readonly why: string };

const METER_MS = 250;

const byteAt = (request: number, offset: number): number => (request * 31 + offset * 7 + (offset >> 8) * 13) & 0xff;

function bytesOf(request: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index += 1) bytes[index] = byteAt(request, offset + index);
  return bytes;
}

/** What the worker of a scenario does with a call. */
export async function serve(
  requests: readonly Request[],
  worker: SimulatedWorker,
  stream: WorkerStream,
): Promise<void> {
  const { index } = stream.meta as { index: number };
  const request = requests[index]!;
  const expected = bytesOf(index, 0, request.bodyBytes);
  if (Buffer.compare(stream.body, expected) !== 0) throw new Error(`the body of request ${index} is not what was sent`);
  await worker.sleep(request.pauseMs);
  if (request.failAfter === 0) {
    await stream.fail(busFailure('upstream_error', 'connect'));
    return;
  }
  stream.head({ index });
  let offset = 0;
  const allowed = { chunks: 0 };
  stream.onAllow((answer) => {
    allowed.chunks = Math.max(allowed.chunks, (answer as { chunks: number }).chunks);
  });
  for (const [number, length] of request.chunkBytes.entries()) {
    while (request.metered && allowed.chunks <= number && !stream.signal.aborted) {
      stream.meter({ chunks: number + 1 });
      await worker.sleep(METER_MS);
    }
    if (stream.signal.aborted) break;
    await stream.write(bytesOf(index, offset, length));
    offset += length;
    if (request.failAfter === number + 1) {
      await stream.fail(busFailure('upstream_disconnected', 'stream'));
      return;
    }
    if (request.pauseMs > 0) await worker.sleep(request.pauseMs);
  }
  await stream.end({ bytes: offset });
}

/** A client: reads, compares every byte, acknowledges late, goes away early. */
export async function request(
  world: World,
  edge: SimulatedEdge,
  requests: readonly Request[],
  index: number,
): Promise<Result> {
  const wanted = requests[index]!;
  let received = 0;
  try {
    const body = bytesOf(index, 0, wanted.bodyBytes);
    const stream: EdgeStream = edge.peer.open({
      provider: PROVIDER,
      meta: { index },
      body,
      windowBytes: wanted.windowBytes,
    });
    await stream.open();
    stream.onMeter((reading) => stream.allow(reading));
    if ((stream.head as { index: number }).index !== index) return { kind: 'wrong', why: 'the head of another stream' };
    for await (const chunk of stream) {
      for (const [at, byte] of chunk.entries()) {
        if (byte !== byteAt(index, received + at)) return { kind: 'wrong', why: `byte ${received + at} is wrong` };
      }
      received += chunk.length;
      if (wanted.cancelAfterBytes !== null && received >= wanted.cancelAfterBytes) {
        const outcome = await stream.cancel('client gone');
        return { kind: 'cancelled', outcome: outcome.kind };
      }
      if (wanted.clientPauseMs > 0) await world.sleep(wanted.clientPauseMs);
      stream.acknowledge(chunk.length);
    }
    const total = wanted.chunkBytes.reduce((sum, bytes) => sum + bytes, 0);
    const end = (await stream.end) as { bytes: number };
    if (received !== total || end.bytes !== total)
      return { kind: 'wrong', why: `ended with ${received} of ${total} bytes` };
    return wanted.failAfter === null ? { kind: 'end' } : { kind: 'wrong', why: 'ended although the worker failed' };
  } catch (error) {
    if (!(error instanceof StreamFailure)) return { kind: 'wrong', why: String(error) };
    return { kind: 'failed', code: error.failure.code };
  }
}
