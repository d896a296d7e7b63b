import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { KvBuckets, readJson } from '@switchyard/bus';
import type { RunningWatch } from '@switchyard/bus';
import { ERRORS, STICKY_BUCKET, StickyPin, isErrorCode } from '@switchyard/contracts';
import type { ApiKey, Attempt, CompletionRequest } from '@switchyard/contracts';
import { sealedReasoning } from '@switchyard/protocols';
import { EdgeConfig } from '../config.js';
import type { Answer } from '../completions/answer.js';
import { usageOfAnswer } from '../completions/answer.js';
import { EdgeProcess } from '../process/edge-process.js';
import { isRouter } from '../routing/routers/names.js';
import type { Pins } from '../routing/routing.js';
import { withoutVariants } from '../routing/variants.js';
import { conversationOf, pinKey, secretOf } from './conversation.js';
import type { Conversation } from './conversation.js';
import { idleMsOf, reasonToStay } from './lesson.js';
import { PinStore } from './pin-store.js';
import { PinWriter } from './pin-writer.service.js';

/** A request's conversation, and where it was served before. */
export interface Stay extends Pins {
  readonly conversation: Conversation;
  readonly accountId: string;
  /** Formats of the reasoning in the history that only its maker can read, one entry per piece. */
  readonly sealed: readonly string[];
}

/** What a finished generation teaches. */
export interface Finished {
  readonly request: CompletionRequest;
  readonly attempts: readonly Pick<Attempt, 'endpointId' | 'model' | 'outcome' | 'errorCode'>[];
}

/**
 * Keeps conversations where their prompt cache and the maker of their reasoning are (spec 3.7), over all edges: each reads from its
 * own memory, which a watch of the bucket fills, and tells the others behind its requests.
 */
@Injectable()
export class Stickiness implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(Stickiness.name);
  private readonly secret: ReturnType<typeof secretOf>;
  private readonly pins: PinStore;
  private watch: RunningWatch | undefined;
  private replaying = true;

  constructor(
    private readonly kv: KvBuckets,
    private readonly writer: PinWriter,
    config: EdgeConfig,
    edge: EdgeProcess,
  ) {
    this.secret = secretOf(config.KEY_PEPPER);
    this.pins = new PinStore(edge.clock);
  }

  onModuleInit(): void {
    this.watch = this.kv.follow(STICKY_BUCKET, {
      onEntry: (key, value) => (value ? this.told(key, readJson(StickyPin, value)) : this.pins.delete(key)),
      onBroken: (_, { message }) => this.logger.warn(`the place of a conversation is broken and ignored: ${message}`),
      onReconnect: () => (this.replaying = true),
      onReplayed: () => (this.replaying = false),
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.watch?.stop();
  }

  /** Where the conversation of a request was served before. @param sessionId of the header, where the body has none */
  stayOf({ accountId }: ApiKey, request: CompletionRequest, sessionId: string | null): Stay {
    const conversation = conversationOf(request, request.sessionId ?? sessionId, this.secret);
    const sealed = sealedReasoning(request);
    return {
      conversation,
      accountId,
      sealed,
      of: (model) => {
        if (this.pins.isEmpty) return null;
        const pin = this.pins.get(pinKey(conversation, accountId, model, this.secret));
        return pin && (pin.why !== 'reasoning' || sealed.length > 0) ? pin : null;
      },
    };
  }

  /** Learns from how a generation went. An order of the client's own says nothing about where it should stay. */
  learn(stay: Stay, { request, attempts }: Finished, answer: Answer): void {
    if (request.provider.order?.length) return;
    const routers = request.models.map(withoutVariants).filter(isRouter);
    for (const { endpointId, model, outcome, errorCode } of attempts)
      if (outcome === 'failed' && isFaultOfEndpoint(errorCode)) this.release(stay, [model, ...routers], endpointId);
    const { served, error, cancelled } = answer;
    const event = usageOfAnswer(answer);
    if (!served || error || cancelled || served.attempt.outcome !== 'success' || !event) return;
    const { endpoint, model } = served.candidate;
    const why = reasonToStay({
      named: stay.conversation.named,
      usage: event.usage,
      price: endpoint.price,
      sealed: stay.sealed.length > 0,
    });
    if (!why) return;
    const pin = { endpointId: endpoint.id, modelId: model.id, why, idleMs: idleMsOf(request), writtenAtMs: Date.now() };
    for (const name of [model.id, ...routers]) this.keep(stay, name, pin);
  }

  private keep(stay: Stay, name: string, pin: StickyPin): void {
    const key = pinKey(stay.conversation, stay.accountId, name, this.secret);
    const known = this.pins.get(key);
    const told = known?.endpointId === pin.endpointId && known.modelId === pin.modelId && known.why === pin.why;
    // Others keep a place for its whole idle time, so that half of it may pass before they are told again.
    const isRecent = told && pin.writtenAtMs - known.writtenAtMs < known.idleMs / 2 && pin.idleMs <= known.idleMs;
    this.pins.put(key, isRecent ? known : pin);
    if (!isRecent) this.writer.write(key, pin);
  }

  private release(stay: Stay, names: readonly string[], endpointId: string): void {
    for (const name of names) {
      const key = pinKey(stay.conversation, stay.accountId, name, this.secret);
      if (this.pins.get(key)?.endpointId !== endpointId) continue;
      this.pins.delete(key);
      this.writer.write(key, null);
    }
  }

  private told(key: string, pin: StickyPin): void {
    // Live, the difference of two wall clocks would count as its age.
    this.pins.learn(key, pin, this.replaying ? Math.max(0, Date.now() - pin.writtenAtMs) : 0);
  }
}

/** A refusal of the request, or a client that left, is no reason to leave. */
const isFaultOfEndpoint = (code: string | null): boolean => isErrorCode(code) && ERRORS[code].retryable;
