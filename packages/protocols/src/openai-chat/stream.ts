import type { CompletionEvent, FinishReason, Usage } from '@switchyard/contracts';
import { failureOf } from '../failures/failure.js';
import { isErrorValue, parseErrorValue } from '../failures/error-body.js';
import { frameJson, frameText } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import { isRecord, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import type { StreamReader } from '../types.js';
import { finishReasonOf } from './finish.js';
import { messageEvents } from './message-events.js';
import { annotationsOf, MAX_TEXT_FOR_CITATIONS, sourcesOf } from './search-citations.js';
import type { Source } from './search-citations.js';
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
  private sources: readonly Source[] = [];
  /** What the first choice has said; kept only where sources were named before. */
  private text: string | undefined;
  private annotated = false;

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

  /** The answer names its sources, whose marks have a place in the text: all of it has to be seen. */
  get cites(): boolean {
    return this.sources.length > 0;
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
    this.findSources(chunk);
    for (const choice of choicesOf(chunk, 'chunk')) {
      if (!this.choices.has(choice.index)) this.choices.set(choice.index, 'open');
      for (const event of messageEvents(choice, this.tools)) {
        this.follow(event);
        yield event;
      }
      if (!choice.finishReason || this.choices.get(choice.index) === 'finished') continue;
      this.choices.set(choice.index, 'finished');
      yield* this.tools.end(choice.index);
      if (choice.index === 0) yield* this.citations();
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
      ...(choice === 0 ? this.citations() : []),
      { type: 'finish', choice, reason: unnamedFinish(this.tools, choice), nativeReason: null },
    ]);
  }

  private findSources(chunk: JsonRecord): void {
    const sources = sourcesOf(chunk);
    if (sources.length === 0) return;
    if (this.sources.length === 0 && this.choices.size === 0) this.text = '';
    this.sources = sources;
  }

  private follow(event: CompletionEvent): void {
    if (event.type === 'annotation') this.annotated = true;
    if (this.text === undefined || event.type !== 'text-delta' || event.choice !== 0) return;
    this.text = this.text.length < MAX_TEXT_FOR_CITATIONS ? this.text + event.text : undefined;
  }

  private *citations(): Generator<CompletionEvent> {
    if (this.annotated) return;
    for (const annotation of annotationsOf(this.sources, this.text))
      yield { type: 'annotation', choice: 0, annotation };
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

/** The finish of a choice to which the provider gave no reason. */
export const unnamedFinish = (tools: ToolCallTracker, choice: number): FinishReason =>
  tools.hasCalled(choice) ? 'tool_calls' : 'stop';

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
