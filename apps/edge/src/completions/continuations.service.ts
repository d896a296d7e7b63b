import { Injectable } from '@nestjs/common';
import { SUPERSEDED } from '@switchyard/bus';
import type { AttemptFailure } from '@switchyard/contracts';
import type { Lease } from '../credit/lease.js';
import type { Asking, Silent, Spoken } from './attempt-caller.service.js';
import type { PlannedAttempt } from './attempt-plan.js';
import { noteLeft } from './attempt-record.js';
import { Attempts } from './attempts.service.js';
import type { Speaking } from './attempts.service.js';
import { bodyToContinue, canContinue, isBreak, mayContinue } from './continuation.js';
import type { Generation } from './generation.js';
import { firstBytes } from './relay.js';
import type { Opening } from './relay.js';
import { SaidText, SeamFilter } from './said-text.js';

/** What passes through to the client, so far as somebody might have to go on with it. */
export class Seams {
  private readonly said = new SaidText();
  private filter = new SeamFilter('');

  /** What of these events the client does not have. */
  readonly edit = (bytes: Uint8Array): Uint8Array => this.filter.filter(bytes);

  given(bytes: Uint8Array): void {
    this.said.push(bytes);
  }

  get text(): string | null {
    return this.said.text;
  }

  /** From here on another endpoint speaks. */
  begin(text: string): void {
    this.filter = new SeamFilter(text.slice(text.trimEnd().length));
  }
}

/** An answer that broke off. */
export interface Broken {
  readonly generation: Generation;
  readonly lease: Lease;
  readonly speaking: Speaking<Opening>;
  readonly failure: AttemptFailure;
  readonly seams: Seams | null;
  readonly signal: AbortSignal;
}

/** Finds an endpoint that goes on where an answer broke off, for clients who asked for that. */
@Injectable()
export class Continuations {
  constructor(private readonly attempts: Attempts) {}

  /** Null for a request whose answer nobody could go on with: most. */
  seamsOf(generation: Generation): Seams | null {
    return mayContinue(generation) ? new Seams() : null;
  }

  /** The first attempt that goes on; null when nobody does. */
  async next({ generation, lease, speaking, failure, seams, signal }: Broken): Promise<Speaking<Opening> | null> {
    const said = seams?.text;
    if (!seams || !said || !isBreak(failure)) return null;
    const { plan } = speaking;
    const body = bodyToContinue(generation.body, said);
    for (;;) {
      const planned = signal.aborted
        ? null
        : plan.toContinue(speaking.planned, ({ endpoint }) => canContinue(endpoint));
      if (!planned) return null;
      noteLeft(speaking.attempt, 'continued');
      const tried = await this.call({ generation, lease, signal, body, read: firstBytes }, planned);
      if ('stream' in tried) {
        seams.begin(said);
        return { ...tried, plan };
      }
      noteLeft(tried.attempt, signal.aborted ? 'client_gone' : 'next_endpoint');
    }
  }

  /** The break has decided already that nobody pays, so a client that leaves before anybody goes on pays nothing either. */
  private async call<T>(asking: Asking<T>, planned: PlannedAttempt): Promise<Spoken<T> | Silent> {
    const controller = new AbortController();
    const onGone = () => controller.abort(SUPERSEDED);
    asking.signal.addEventListener('abort', onGone, { once: true });
    try {
      return await this.attempts.call({ ...asking, signal: controller.signal }, planned);
    } finally {
      asking.signal.removeEventListener('abort', onGone);
    }
  }
}
