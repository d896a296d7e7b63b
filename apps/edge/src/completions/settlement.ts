import { usageEventWire, usageSubject } from '@switchyard/contracts';
import type { AttemptFailure, UsageEvent } from '@switchyard/contracts';
import { payersOf } from '@switchyard/pricing';
import type { Settlement } from '../credit/credit.service.js';
import type { UsageMessage } from '../credit/pending-usage.js';

/** How a generation ended for the books of this edge. */
export type Ending =
  /** The worker told its usage; both witnesses have it. */
  | { readonly kind: 'confirmed'; readonly usage: UsageEvent }
  /** The worker cannot tell any more: this edge speaks for it. */
  | { readonly kind: 'witnessed'; readonly usage: UsageEvent }
  /** Somebody may have used something, and nobody knows how much yet. */
  | { readonly kind: 'unknown' }
  /** No provider was called, or none said a word that costs. */
  | { readonly kind: 'nothing' };

export const NOTHING: Ending = { kind: 'nothing' };

export const endingOfFailure = ({ usage }: AttemptFailure): Ending => (usage ? { kind: 'confirmed', usage } : NOTHING);

/** A worker whose answer could have been gone on with leaves it to the edge to tell that it was not. */
export const endingOfBreak = (failure: AttemptFailure, leftToEdge: boolean): Ending =>
  leftToEdge && failure.usage ? { kind: 'witnessed', usage: failure.usage } : endingOfFailure(failure);

/**
 * What the hold is settled with. An unknown ending keeps the whole bound until the ledger tells what was applied.
 * `worker` is the one that told its usage: of a race not always the last that was asked.
 */
export function settlementOf(
  { generationId, worker: firstWitness }: { readonly generationId: string; readonly worker: string | null },
  ending: Ending,
  boundNanos: bigint,
): Settlement {
  if (ending.kind === 'nothing') return { generationId, chargedNanos: 0n, event: null, assumed: false };
  if (ending.kind === 'unknown') return { generationId, chargedNanos: boundNanos, event: null, assumed: true };
  const { usage } = ending;
  const worker = ending.kind === 'confirmed' ? firstWitness : null;
  const event = new UnwrittenUsage(usage, worker);
  return { generationId, chargedNanos: payersOf(usage).customerNanos, event, assumed: false };
}

/** Written when it is published: most are confirmed by the ledger before this edge would have to speak. */
class UnwrittenUsage implements UsageMessage {
  constructor(
    private readonly usage: UsageEvent,
    readonly worker: string | null,
  ) {}

  get subject(): string {
    return usageSubject(this.usage.provider);
  }

  get messageId(): string {
    return messageIdOf(this.usage);
  }

  get bytes(): Uint8Array {
    return Buffer.from(JSON.stringify(usageEventWire(this.usage)));
  }
}

/**
 * What the stream recognises the event by. The edge's own words have an id of their own, or they would hide what the worker
 * may still have to say.
 */
const messageIdOf = ({ generationId, witness, outcome }: UsageEvent): string =>
  witness === 'edge' ? `${generationId}:${outcome}` : generationId;
