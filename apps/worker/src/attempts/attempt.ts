import { SUPERSEDED } from '@switchyard/bus';
import type { StreamContext } from '@switchyard/bus';
import { GatewayError } from '@switchyard/contracts';
import type { AttemptCall, UpstreamFailure, Usage } from '@switchyard/contracts';
import { chargesByImage, costOf, withInputImages } from '@switchyard/pricing';
import type { Cost } from '@switchyard/pricing';
import type { Lane } from '@switchyard/protocols';
import type { KeyRing } from '../authorization/key-ring.js';
import type { UpstreamKey } from '../authorization/upstream-key.js';
import { Cancellation } from '../upstream/cancellation.js';
import { Deadlines } from '../upstream/deadlines.js';
import type { DrainSlots } from '../upstream/drain-slots.js';
import { failureOf, failureOfThrown, phaseOf } from '../upstream/failure.js';
import type { Progress } from '../upstream/failure.js';
import {
  ERROR_BODY_MS,
  FINISH_GRACE_MS,
  MAX_ANSWER_BYTES,
  MAX_ERROR_BYTES,
  MAX_STREAM_BYTES,
} from '../upstream/limits.js';
import type { UpstreamAnswer, UpstreamClient } from '../upstream/upstream.client.js';
import { billingOf } from '../usage/usage-event.js';
import { endingOf, isBlank } from './ending.js';
import type { Ending } from './ending.js';
import { meteredTokens } from './meter.js';
import type { Plan } from './plan.js';
import { Steps } from './steps.js';
import { Timing } from './timing.js';

export interface AttemptTools {
  readonly upstream: UpstreamClient;
  readonly keys: KeyRing;
  readonly slots: DrainSlots;
  /** Closing the connection stops the bill of this answer. */
  readonly stopsBilling: boolean;
  readonly workerId: string;
}

/** A failure that the provider stated, already understood by the protocol. */
class Stated extends Error {
  constructor(readonly failure: UpstreamFailure) {
    super(failure.code);
  }
}

/** One call of the provider, from the request to the last byte for the client. How it ends for the ledger is decided by others. */
export class Attempt {
  readonly timing = new Timing();
  readonly progress: Progress = { dispatched: false, status: null, spoke: false };
  private readonly deadlines: Deadlines;
  private readonly cancellation: Cancellation;
  private readonly steps: Steps;
  private givenCharacters = 0;
  private priced: { readonly usage: Usage; readonly cost: Cost } | null = null;
  /** What was written, once no credit was left to write more. */
  private stopped: { readonly outputCharacters: number } | null = null;

  constructor(
    private readonly context: StreamContext,
    private readonly plan: Plan,
    private readonly tools: AttemptTools,
  ) {
    this.deadlines = new Deadlines(plan.call.timeouts, () => (this.progress.dispatched = true));
    this.steps = new Steps(context, plan.call);
    this.cancellation = new Cancellation({
      signal: context.signal,
      deadlines: this.deadlines,
      stopsBilling: tools.stopsBilling,
      slots: tools.slots,
    });
  }

  /** The client wanted no more. A stream that the gateway itself gave up was not cancelled. */
  get cancelled(): boolean {
    return this.cancellation.reason !== null && !this.cancellation.fault;
  }

  /** Another attempt serves in its place: what this one cost is no entry of the generation. */
  get superseded(): boolean {
    return this.cancellation.reason === SUPERSEDED;
  }

  get phase() {
    return phaseOf(this.progress);
  }

  /** The call with the bound that is held for it by now. */
  get call(): AttemptCall {
    return { ...this.plan.call, ...this.steps.bound };
  }

  /** What a usage costs at the price of the call. Both the client and the ledger ask. */
  costOf(usage: Usage): Cost {
    const { endpoint, admittedAtMs } = this.plan.call;
    if (this.priced?.usage !== usage) this.priced = { usage, cost: costOf(usage, endpoint.price, admittedAtMs) };
    return this.priced.cost;
  }

  /** Calls the provider and passes its answer on. Never throws for what providers and clients do. */
  async run(): Promise<Ending> {
    let answer: UpstreamAnswer | null = null;
    let thrown: UpstreamFailure | null = null;
    try {
      answer = await this.ask();
      if (this.plan.call.stream) await this.passOn(answer);
      else await this.read(answer);
    } catch (error) {
      thrown = error instanceof Stated ? error.failure : failureOfThrown(error, this.progress);
    } finally {
      this.deadlines.clear();
      this.cancellation.end();
      this.steps.end();
    }
    if (thrown || this.stopped || this.cancellation.reason !== null) answer?.body.close();
    else answer?.body.tidy();
    return this.endingOf(thrown);
  }

  /** Gives a whole answer to the client, once it is known what it costs. */
  async deliver(ending: Ending & { kind: 'end' }): Promise<void> {
    const { call } = this;
    const { lane, renderStop } = this.plan;
    const billing = billingOf(ending.usage, this.costOf(ending.usage), call);
    if (ending.stopped) {
      const reason = outOfCredit(this.steps.allowedTokens);
      await this.context.write(renderStop?.(reason) ?? lane.stop?.(reason) ?? NOTHING);
    }
    if (call.stream) return this.context.write(lane.renderEnd(billing));
    this.sendHead(lane.contentType ?? 'application/json');
    await this.context.write(lane.renderResponse(billing));
  }

  /** With one key after another, as long as the provider limits or refuses them; the answers of those are not the client's. */
  private async ask(): Promise<UpstreamAnswer> {
    const { keys } = this.tools;
    const usable = keys.inOrder(this.plan.call.endpoint);
    // None of them is for this endpoint.
    if (usable.length === 0 && keys.keys.length > 0) throw new Stated(failureOf('upstream_auth'));
    for (const [index, key] of usable.entries()) {
      try {
        return await this.askWith(key);
      } catch (error) {
        const rests = error instanceof Stated && keys.rest(key, error.failure);
        if (!rests || index === usable.length - 1) throw error;
        this.progress.status = null;
      }
    }
    return this.askWith(null);
  }

  private async askWith(key: UpstreamKey | null): Promise<UpstreamAnswer> {
    const answer = await this.tools.upstream.post(this.plan.upstream, this.deadlines, key);
    this.timing.headers();
    this.progress.status = answer.status;
    if (answer.status >= 200 && answer.status < 300) return answer;
    const text = await answer.body.head(MAX_ERROR_BYTES, ERROR_BODY_MS);
    answer.body.close();
    // A redirect would carry the key to another address.
    if (answer.status < 400) throw new Stated(failureOf('upstream_invalid_response'));
    throw new Stated(this.plan.protocol.parseError(answer.status, answer.readHeaders(), text));
  }

  private async passOn(answer: UpstreamAnswer): Promise<void> {
    refuseOthers(answer, this.plan.lane);
    const { lane } = this.plan;
    const { body } = answer;
    let covered = true;
    while (covered && !lane.done) {
      // Providers exist that finish and never end.
      const piece = await body.next(MAX_STREAM_BYTES, lane.summary.terminal ? FINISH_GRACE_MS : null);
      if (piece === null) break;
      this.cancellation.read(body.bytes);
      covered = await this.give(lane.push(piece));
    }
    if (covered) await this.give(lane.finish());
  }

  /** Gives bytes to the client, when there is something to give; false when no credit was left for them. */
  private async give(bytes: Uint8Array | null): Promise<boolean> {
    const { lane } = this.plan;
    // Held back, so that another endpoint may still answer in its place.
    if (!bytes?.length || (!this.progress.spoke && isBlank(lane.summary))) return true;
    if (!this.progress.spoke) this.speak();
    if (!this.steps.unlimited && !(await this.steps.covers(meteredTokens(lane.summary)))) {
      this.stopped = { outputCharacters: this.givenCharacters };
      return false;
    }
    await this.context.write(bytes);
    lane.delivered?.();
    this.givenCharacters = lane.summary.outputCharacters;
    return true;
  }

  private async read({ body, ...answer }: UpstreamAnswer): Promise<void> {
    refuseOthers(answer, this.plan.lane);
    const maxBytes = this.plan.maxAnswerBytes ?? MAX_ANSWER_BYTES;
    const pieces: Uint8Array[] = [];
    for (let piece = await body.next(maxBytes); piece; piece = await body.next(maxBytes)) {
      pieces.push(piece);
      this.cancellation.read(body.bytes);
    }
    this.timing.firstToken();
    this.plan.lane.response(Buffer.concat(pieces).toString('utf8'));
  }

  private speak(): void {
    this.timing.firstToken();
    this.deadlines.spoke();
    this.sendHead(this.plan.lane.contentType ?? 'text/event-stream; charset=utf-8');
    this.progress.spoke = true;
  }

  private sendHead(contentType: string): void {
    this.context.head({
      status: 200,
      contentType,
      upstreamStatus: this.progress.status ?? 200,
      worker: this.tools.workerId,
      headersMs: this.timing.headersMs ?? 0,
      dropped: [...(this.plan.dropped ?? [])],
    });
  }

  private endingOf(thrown: UpstreamFailure | null): Ending {
    const { reason, fault } = this.cancellation;
    const { plan } = this;
    const { price } = plan.call.endpoint;
    const ending = endingOf({
      progress: this.progress,
      streamed: plan.call.stream,
      summary: plan.lane.summary,
      thrown,
      cancelled: reason === null ? null : { reason, fault },
      stopped: this.stopped,
      prompt: plan.prompt,
    });
    if (ending.usage === null || !chargesByImage(price)) return ending;
    return { ...ending, usage: withInputImages(ending.usage, price, plan.prompt().images) };
  }
}

/** A page of some proxy, or what the lane says that it cannot read. */
function refuseOthers({ contentType }: Pick<UpstreamAnswer, 'contentType'>, lane: Lane): void {
  const isPage = /^text\/html/i.test(contentType ?? '');
  if (isPage || lane.accepts?.(contentType) === false) throw new Stated(failureOf('upstream_invalid_response'));
}

const NOTHING = new Uint8Array();

const outOfCredit = (allowedTokens: number | null): GatewayError =>
  new GatewayError('insufficient_credits', {
    message: 'The answer was ended here, because there is too little credit to go on with it.',
    metadata: { reason: 'credits', limit_source: 'openrouter_credits', held_tokens: allowedTokens },
  });
