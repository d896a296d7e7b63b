import type { CompletionEvent, ReasoningDetail } from '@switchyard/contracts';
import { isRecord, recordOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { finishReasonOf } from './finish.js';
import { annotationsOf } from './grounding.js';
import { renderLogprobs } from './logprobs.js';
import { PartialArguments } from './partial-arguments.js';
import { GEMINI_REASONING } from './wire.js';
import type { WireCandidate } from './wire.js';

/** Beyond this a grounded answer keeps its text but loses the positions of its citations. */
const MAX_TEXT_FOR_CITATIONS = 4 * 1024 * 1024;

/** Reads one candidate, whole or in pieces. The finish waits for the end, because grounding may follow it. */
export class CandidateReader {
  private readonly text: string[] = [];
  private textLength = 0;
  private toolCalls = 0;
  private streamed: { readonly index: number; readonly arguments: PartialArguments } | undefined;
  private native: string | undefined;
  private grounding: JsonRecord | undefined;
  private reasoningIndex = 0;

  constructor(
    private readonly choice: number,
    /** Makes ids of calls that Gemini gave none, the same for the same answer. */
    private readonly callId: (index: number) => string,
  ) {}

  get finished(): boolean {
    return this.native !== undefined;
  }

  *read(candidate: WireCandidate): Generator<CompletionEvent> {
    for (const part of candidate.parts) yield* this.part(part);
    if (candidate.logprobs)
      yield { type: 'logprobs', choice: this.choice, logprobs: renderLogprobs(candidate.logprobs) };
    this.grounding = candidate.grounding ?? this.grounding;
    const native = textOf(candidate.finishReason);
    if (native && native !== 'FINISH_REASON_UNSPECIFIED') this.native = native;
  }

  *end(): Generator<CompletionEvent> {
    yield* this.endStreamedCall();
    if (this.native === undefined) return;
    if (this.grounding)
      for (const annotation of annotationsOf(this.grounding, this.text.join('')))
        yield { type: 'annotation', choice: this.choice, annotation };
    const reason = finishReasonOf(this.native, this.toolCalls > 0);
    yield { type: 'finish', choice: this.choice, reason, nativeReason: this.native };
  }

  private *part(part: JsonRecord): Generator<CompletionEvent> {
    const signature = textOf(part['thoughtSignature']);
    const text = textOf(part['text']) ?? '';
    if (isRecord(part['functionCall'])) yield* this.functionCall(part['functionCall'], signature);
    else if (part['thought'] === true) yield* this.thought(text, signature);
    else {
      // A signature beside anything but a thought or a call has no other place than among the details.
      if (signature) yield this.detail({ type: 'reasoning.encrypted', data: signature });
      if (text !== '') yield* this.plainText(text);
      if (isRecord(part['inlineData'])) yield* this.media(part['inlineData']);
    }
  }

  private *plainText(text: string): Generator<CompletionEvent> {
    this.textLength += text.length;
    if (this.textLength <= MAX_TEXT_FOR_CITATIONS) this.text.push(text);
    yield { type: 'text-delta', choice: this.choice, text };
  }

  private *thought(text: string, signature: string | undefined): Generator<CompletionEvent> {
    if (text !== '' || signature) yield this.detail({ type: 'reasoning.text', text, ...(signature && { signature }) });
  }

  private detail(detail: ReasoningDetail): CompletionEvent {
    const index = detail.type === 'reasoning.encrypted' ? ++this.reasoningIndex : this.reasoningIndex;
    return { type: 'reasoning-delta', choice: this.choice, detail: { ...detail, index, format: GEMINI_REASONING } };
  }

  private *functionCall(call: JsonRecord, signature: string | undefined): Generator<CompletionEvent> {
    const name = textOf(call['name']);
    if (name === undefined) {
      // The rest of a call that comes in pieces; an empty one ends it.
      this.streamed?.arguments.add(call['partialArgs']);
      if (call['willContinue'] !== true) yield* this.endStreamedCall();
      return;
    }
    yield* this.endStreamedCall();
    const index = this.toolCalls++;
    const id = textOf(call['id']) || this.callId(index);
    yield { type: 'tool-call-start', choice: this.choice, index, id, name, ...(signature && { signature }) };
    if (call['willContinue'] === true || Array.isArray(call['partialArgs'])) {
      this.streamed = { index, arguments: new PartialArguments() };
      this.streamed.arguments.add(call['partialArgs']);
      if (call['willContinue'] !== true) yield* this.endStreamedCall();
    } else yield* this.wholeArguments(index, JSON.stringify(recordOf(call['args'])));
  }

  private *endStreamedCall(): Generator<CompletionEvent> {
    const call = this.streamed;
    this.streamed = undefined;
    if (call) yield* this.wholeArguments(call.index, call.arguments.toJson());
  }

  private *wholeArguments(index: number, text: string): Generator<CompletionEvent> {
    yield { type: 'tool-call-delta', choice: this.choice, index, arguments: text };
    yield { type: 'tool-call-end', choice: this.choice, index };
  }

  private *media(media: JsonRecord): Generator<CompletionEvent> {
    const [mediaType, data] = [textOf(media['mimeType']) ?? '', textOf(media['data']) ?? ''];
    if (mediaType.startsWith('image/')) yield { type: 'image-delta', choice: this.choice, mediaType, data };
    else if (mediaType.startsWith('audio/')) yield { type: 'audio-delta', choice: this.choice, audio: { data } };
  }
}
