import type { IncomingMessage } from 'node:http';
import { announcedBytes, hasBody } from './request-head.js';

/** How much of a body that nobody wants is still read, and for how long. */
export interface LeftoverLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** A caller whose key is known: a refusal reaches it even when it sends a body several times too large. */
export const KNOWN_CALLER_LEFTOVER: LeftoverLimits = { maxBytes: 128 * 1024 * 1024, timeoutMs: 10_000 };
/** Anybody: enough for a long prompt with a mistyped key, and nothing worth an attack. */
export const STRANGER_LEFTOVER: LeftoverLimits = { maxBytes: 1024 * 1024, timeoutMs: 2_000 };

/**
 * Reads the rest of a refused request's body and forgets it. Most clients write their whole body before they read the answer, so
 * that closing earlier gives them a broken pipe instead of the refusal. Answers whether the body has ended: if not, the connection
 * is not worth keeping. Nothing is read of a body that announces more than the limit.
 */
export function swallowBody(request: IncomingMessage, limits: LeftoverLimits): Promise<boolean> {
  if (!hasBody(request) || request.complete) return Promise.resolve(true);
  if (request.destroyed || (announcedBytes(request) ?? 0) > limits.maxBytes) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let bytes = 0;
  const stop = () => {
    clearTimeout(timer);
    request.off('data', count).off('end', stop).off('close', stop).off('error', stop);
    request.pause();
    resolve(request.complete);
  };
  const count = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limits.maxBytes) stop();
  };
  const timer = setTimeout(stop, limits.timeoutMs);
  request.on('data', count).on('end', stop).on('close', stop).on('error', stop);
  request.resume();
  return promise;
}
