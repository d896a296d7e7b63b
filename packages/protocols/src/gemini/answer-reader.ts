import type { CompletionEvent, Usage } from '@switchyard/contracts';
import { recordOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { CandidateReader } from './candidate-reader.js';
import { searchesOf } from './grounding.js';
import { parseUsage } from './usage.js';
import { candidatesOf } from './wire.js';

/** Reads one or many `GenerateContentResponse`: a whole answer is a stream of one. */
export class AnswerReader {
  private readonly candidates = new Map<number, CandidateReader>();
  private begun = false;
  private usageFields: unknown;
  private searches = 0;
  private responseId = '';
  private blocked: string | undefined;

  /** Gemini has no terminal event: an answer is complete when every candidate has a finish reason. */
  get complete(): boolean {
    return (
      this.blocked !== undefined || (this.candidates.size > 0 && this.candidates.values().every((one) => one.finished))
    );
  }

  get usage(): Usage | null {
    return parseUsage(this.usageFields, this.searches);
  }

  *read(response: JsonRecord): Generator<CompletionEvent> {
    const model = textOf(response['modelVersion']) ?? '';
    if (!this.begun) {
      this.begun = true;
      this.responseId = textOf(response['responseId']) ?? '';
      const serviceTier = textOf(recordOf(response['usageMetadata'])['serviceTier']);
      yield {
        type: 'start',
        ...(this.responseId && { upstreamId: this.responseId }),
        ...(model && { upstreamModel: model }),
        ...(serviceTier && { serviceTier }),
      };
    }
    // An object without counts (Vertex: only the traffic type) must not replace one that has them.
    if (parseUsage(response['usageMetadata'], 0)) this.usageFields = response['usageMetadata'];
    this.blocked ??= textOf(recordOf(response['promptFeedback'])['blockReason']);
    for (const candidate of candidatesOf(response)) {
      this.searches = Math.max(this.searches, searchesOf(candidate.grounding, model));
      yield* this.reader(candidate.index).read(candidate);
    }
  }

  /** Usage and finish of an answer that is complete; what is left of one that is not. */
  *end(): Generator<CompletionEvent> {
    const usage = this.complete ? this.usage : null;
    if (usage) yield { type: 'usage', usage };
    for (const candidate of this.candidates.values()) yield* candidate.end();
    // A refused prompt has no candidates.
    if (this.blocked !== undefined && this.candidates.size === 0)
      yield { type: 'finish', choice: 0, reason: 'content_filter', nativeReason: this.blocked };
  }

  private reader(index: number): CandidateReader {
    const existing = this.candidates.get(index);
    if (existing) return existing;
    const prefix = index === 0 ? 'call' : `call_${index}`;
    const reader = new CandidateReader(index, (call) => `${prefix}_${this.responseId || 'gemini'}_${call}`);
    this.candidates.set(index, reader);
    return reader;
  }
}
