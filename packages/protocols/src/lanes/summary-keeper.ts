import { Buffer } from 'node:buffer';
import type {
  CompletionEvent,
  CompletionRequest,
  FinishReason,
  ToolCallVerdict,
  UpstreamFailure,
  Usage,
} from '@switchyard/contracts';
import type { LaneSummary, StreamReader } from '../types.js';
import { ToolCallCheck } from './tool-call-check.js';

/** Keeps the facts of an answer up to date while its events pass. */
export class SummaryKeeper implements LaneSummary {
  usage: Usage | null = null;
  upstreamCostUsd: string | null = null;
  finishReason: FinishReason | null = null;
  nativeFinishReason: string | null = null;
  upstreamId: string | null = null;
  outputCharacters = 0;
  outputBytes = 0;
  toolCallCount = 0;
  failure: UpstreamFailure | null = null;
  private readonly check: ToolCallCheck;
  private wholeAnswer = false;

  constructor(
    request: CompletionRequest,
    private readonly reader: StreamReader,
  ) {
    this.check = new ToolCallCheck(request);
  }

  get terminal(): boolean {
    return this.failure === null && (this.wholeAnswer || this.reader.terminal);
  }

  get partialUsage(): Usage | null {
    return this.usage ?? this.reader.partialUsage;
  }

  get toolCalls(): ToolCallVerdict | null {
    return this.check.verdict;
  }

  /** The answer came in one piece. */
  markWhole(): void {
    this.wholeAnswer = true;
  }

  observe(event: CompletionEvent): void {
    this.count(event);
    this.check.observe(event);
    if (event.type === 'start') this.upstreamId = event.upstreamId ?? null;
    else if (event.type === 'usage') {
      this.usage = event.usage;
      this.upstreamCostUsd = event.upstreamCostUsd ?? null;
    } else if (event.type === 'finish') this.finish(event.reason, event.nativeReason);
    else if (event.type === 'error') this.failure ??= event.failure;
  }

  private count(event: CompletionEvent): void {
    const text = textOf(event);
    this.outputCharacters += text.length;
    this.outputBytes += Buffer.byteLength(text);
    if (event.type === 'tool-call-start') this.toolCallCount += 1;
  }

  /** With several choices the first one speaks for the generation, but an error of any counts. */
  private finish(reason: FinishReason, native: string | null): void {
    if (this.finishReason !== null && reason !== 'error') return;
    this.finishReason = reason;
    this.nativeFinishReason = native;
  }
}

/** What the model wrote in an event: text, reasoning, arguments of tools. */
function textOf(event: CompletionEvent): string {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
      return event.text;
    case 'reasoning-delta':
      return event.detail.type === 'reasoning.text'
        ? event.detail.text
        : event.detail.type === 'reasoning.summary'
          ? event.detail.summary
          : '';
    case 'tool-call-start':
      return event.name;
    case 'tool-call-delta':
      return event.arguments;
    default:
      return '';
  }
}
