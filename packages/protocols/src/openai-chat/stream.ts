import type { CompletionEvent, Usage } from '@switchyard/contracts';
import { failureOf } from '../failures/failure.js';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { frameJson, frameText } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import { isRecord, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { StreamReader } from '../types.js';
import { finishReasonOf } from './finish.js';
import { messageEvents } from './message-events.js';
import { ToolCallTracker } from './tool-call-tracker.js';
import { parseUpstreamCost, parseUsage, usageFieldOf } from './usage.js';
import { choicesOf } from './wire.js';

export const DONE = '[DONE]';

/** Reads `chat.completion.chunk` events. Usage comes with the last choice, after it, or in every chunk: the last one counts. */
export class OpenAiStreamReader implements StreamReader {
  private readonly tools = new ToolCallTracker();
  private readonly choices = new Map<number, 'open' | 'finished'>();
  private begun = false;
  private marked = false;
  private failed = false;
  private usageSent = false;
  private usage: Usage | null = null;
  private costUsd: string | undefined;
  private serviceTier: string | undefined;

  get done(): boolean {
    return this.marked || this.failed;
  }

  /** `[DONE]` says so; where a provider never sends it, an answer whose choices have all finished is complete as well. */
  get terminal(): boolean {
    if (this.failed) return false;
    return this.marked ? this.choices.size > 0 : this.allFinished;
  }

  get partialUsage(): Usage | null {
    return this.usage;
  }

  private get allFinished(): boolean {
    return this.choices.size > 0 && this.choices.values().every((state) => state === 'finished');
  }

  read(frame: Frame): CompletionEvent[] {
    if (this.done || frame.data === '') return [];
    if (frame.data === DONE) {
      this.marked = true;
      return [...this.forgottenFinishes(), ...this.closing()];
    }
    const json = frameJson(frame);
    if (json) return this.readValue(json.value, frame);
    // What stands last in a cut stream is rarely whole.
    return frame.partial ? [] : this.fail(failureOf('upstream_invalid_response', { raw: frameText(frame) }));
  }

  end(): CompletionEvent[] {
    return this.done ? [] : this.closing();
  }

  /** The events of one parsed chunk; `frame` is what an error shows. */
  readValue(value: unknown, frame: Frame): CompletionEvent[] {
    // Also after the last finish: a provider that reports an error does not stand by its answer.
    if (isErrorValue(value) || frame.event === 'error') return this.fail(parseErrorValue(value, frameText(frame)));
    if (!isRecord(value)) return this.fail(failureOf('upstream_invalid_response', { raw: frameText(frame) }));
    return [...this.chunkEvents(value)];
  }

  private *chunkEvents(chunk: JsonRecord): Generator<CompletionEvent> {
    if (!this.begun) {
      this.begun = true;
      yield startEvent(chunk);
    }
    const usage = usageFieldOf(chunk);
    this.serviceTier = textOf(chunk['service_tier']) ?? this.serviceTier;
    this.usage = parseUsage(usage, this.serviceTier) ?? this.usage;
    this.costUsd = parseUpstreamCost(usage) ?? this.costUsd;
    for (const choice of choicesOf(chunk)) {
      if (!this.choices.has(choice.index)) this.choices.set(choice.index, 'open');
      yield* messageEvents(choice, this.tools);
      if (!choice.finishReason || this.choices.get(choice.index) === 'finished') continue;
      this.choices.set(choice.index, 'finished');
      yield* this.tools.end(choice.index);
      const reason = finishReasonOf(choice.finishReason);
      yield { type: 'finish', choice: choice.index, reason, nativeReason: choice.finishReason };
    }
  }

  /** `[DONE]` ends every choice, also one to which the provider gave no finish reason. */
  private forgottenFinishes(): CompletionEvent[] {
    const open = [...this.choices].filter(([, state]) => state === 'open').map(([choice]) => choice);
    for (const choice of open) this.choices.set(choice, 'finished');
    return open.flatMap((choice): CompletionEvent[] => [
      ...this.tools.end(choice),
      { type: 'finish', choice, reason: 'stop', nativeReason: null },
    ]);
  }

  private closing(): CompletionEvent[] {
    if (!this.usage || this.usageSent) return [];
    this.usageSent = true;
    return [usageEvent(this.usage, this.costUsd)];
  }

  private fail(failure: ReturnType<typeof failureOf>): CompletionEvent[] {
    this.failed = true;
    return [{ type: 'error', failure }];
  }
}

export function startEvent(body: JsonRecord): CompletionEvent {
  const [upstreamId, upstreamModel] = [textOf(body['id']), textOf(body['model'])];
  const [systemFingerprint, serviceTier] = [textOf(body['system_fingerprint']), textOf(body['service_tier'])];
  return {
    type: 'start',
    ...(upstreamId && { upstreamId }),
    ...(upstreamModel && { upstreamModel }),
    ...(systemFingerprint && { systemFingerprint }),
    ...(serviceTier && { serviceTier }),
  };
}

export const usageEvent = (usage: Usage, upstreamCostUsd: string | undefined): CompletionEvent => ({
  type: 'usage',
  usage,
  ...(upstreamCostUsd !== undefined && { upstreamCostUsd }),
});
