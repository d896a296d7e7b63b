import { TransientMap } from '../collections/index.js';
import type { BundledMessage } from './bundle.js';

export interface BundlerOptions<T> {
  /** Sends what was gathered for a subject; its result is that of every message in it. */
  readonly send: (subject: string, messages: readonly BundledMessage[], timeoutMs: number) => Promise<T>;
  readonly gatherMs: number;
  readonly maxMessages: number;
  readonly maxBytes: number;
}

interface Bundle<T> {
  readonly messages: BundledMessage[];
  readonly result: PromiseWithResolvers<T>;
  readonly timer: NodeJS.Timeout;
  bytes: number;
  timeoutMs: number;
}

/**
 * Gathers the messages of a moment by their subject: a bundle goes `gatherMs` after its first message, or when it is full. Nothing
 * waits longer than that, and a message that comes alone goes alone.
 */
export class Bundler<T> {
  readonly #bundles = new TransientMap<string, Bundle<T>>();
  readonly #options: BundlerOptions<T>;

  constructor(options: BundlerOptions<T>) {
    this.#options = options;
  }

  add(subject: string, message: BundledMessage, timeoutMs: number): Promise<T> {
    let bundle = this.#bundles.get(subject);
    if (bundle && bundle.bytes + message.data.length > this.#options.maxBytes) {
      this.#send(subject, bundle);
      bundle = undefined;
    }
    bundle ??= this.#open(subject);
    bundle.messages.push(message);
    bundle.bytes += message.data.length;
    bundle.timeoutMs = Math.max(bundle.timeoutMs, timeoutMs);
    if (bundle.messages.length >= this.#options.maxMessages) this.#send(subject, bundle);
    return bundle.result.promise;
  }

  #open(subject: string): Bundle<T> {
    const bundle: Bundle<T> = {
      messages: [],
      result: Promise.withResolvers<T>(),
      timer: setTimeout(() => this.#send(subject, bundle), this.#options.gatherMs),
      bytes: 0,
      timeoutMs: 0,
    };
    this.#bundles.set(subject, bundle);
    return bundle;
  }

  #send(subject: string, bundle: Bundle<T>): void {
    clearTimeout(bundle.timer);
    this.#bundles.delete(subject);
    this.#options.send(subject, bundle.messages, bundle.timeoutMs).then(bundle.result.resolve, bundle.result.reject);
  }
}
