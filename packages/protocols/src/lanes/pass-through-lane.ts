import { Buffer } from 'node:buffer';
import type { CompletionEvent } from '@switchyard/contracts';
import { ChunkRenderer } from '../dialects/openai-chat/chunk-renderer.js';
import { routingField } from '../dialects/common/routing-field.js';
import { renderUsage } from '../dialects/openai-chat/render-usage.js';
import { failureOf } from '../failures/failure.js';
import { encodeBinaryText } from '../frames/binary-text.js';
import { frameJson } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import { isRecord, parseJson, recordsOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { parseResponse } from '../openai-chat/response.js';
import { madeAnnotations, withAnnotations } from '../openai-chat/search-citations.js';
import { DONE, OpenAiStreamReader } from '../openai-chat/stream.js';
import { usageFieldOf } from '../openai-chat/usage.js';
import type { Billing, Lane, LaneOptions, RenderContext } from '../types.js';
import { ChunkEditor } from './chunk-editor.js';
import { FrameLane } from './frame-lane.js';
import { isMeaningful } from './meaningful.js';
import { SummaryKeeper } from './summary-keeper.js';
import { TemplateCache } from './template-cache.js';

/** OpenAI's format to OpenAI's format: upstream bytes go through after the smallest edit, unknown fields included. */
export class PassThroughLane extends FrameLane implements Lane {
  protected readonly reader = new OpenAiStreamReader();
  protected readonly keeper: SummaryKeeper;
  private readonly editor: ChunkEditor;
  private readonly chunks: ChunkRenderer;
  private readonly context: RenderContext;
  private readonly hideReasoning: boolean;
  private readonly templates = new TemplateCache();
  private body: JsonRecord = {};

  constructor({ context, request }: LaneOptions) {
    super();
    this.context = context;
    this.hideReasoning = request.reasoning?.exclude === true;
    this.keeper = new SummaryKeeper(request, this.reader);
    this.editor = new ChunkEditor(context, this.hideReasoning);
    this.chunks = new ChunkRenderer(context, this.hideReasoning);
  }

  response(text: string): void {
    const json = parseJson(text);
    const events: readonly CompletionEvent[] = json
      ? parseResponse(json.value)
      : [{ type: 'error', failure: failureOf('upstream_invalid_response', { raw: text }) }];
    this.observe(events);
    this.keeper.markWhole();
    if (isRecord(json?.value)) this.body = withAnnotations(json.value, events);
  }

  renderEnd(billing: Billing): Uint8Array {
    return this.chunks.end(billing);
  }

  renderResponse(billing: Billing): Uint8Array {
    const edited = this.editor.editBody(this.body);
    return Buffer.from(
      JSON.stringify({ ...edited, usage: renderUsage(billing), ...routingField(this.context.routing) }),
    );
  }

  protected pass(frame: Frame): void {
    // Nothing that matters can be in a frame that differs from an ordinary one only in its text.
    const copied = this.gate.isOpen && frame.event === undefined ? this.templates.apply(frame.data) : null;
    if (copied) {
      this.keeper.outputCharacters += copied.characters;
      this.keeper.outputBytes += copied.bytes;
      this.gate.write(copied.output);
    } else this.passParsed(frame);
  }

  private passParsed(frame: Frame): void {
    const json = frame.data === '' || frame.data === DONE ? undefined : frameJson(frame);
    if (!json) {
      const events = this.reader.read(frame);
      this.observe(events);
      for (const event of events) this.writeEvent(event);
      return;
    }
    const events = this.reader.readValue(json.value, frame);
    this.observe(events);
    if (this.keeper.failure || !isRecord(json.value)) return;
    if (isUsageOnly(json.value) || (this.hideReasoning && isReasoningOnly(events))) return;
    const chunk = json.value;
    for (const event of madeAnnotations(chunk, events)) this.gate.write(encodeBinaryText(this.chunks.render(event)));
    for (const choice of recordsOf(chunk['choices'])) this.chunks.markBegun(Number(choice['index'] ?? 0));
    this.gate.write(`data: ${encodeBinaryText(JSON.stringify(this.editor.editChunk(chunk)))}\n\n`);
    // Frames that are only copied would be missing from the text in which sources have their places.
    if (this.gate.isOpen && frame.event === undefined && !this.reader.cites)
      this.templates.learn(frame.data, chunk, (probed) => this.editor.editChunk(probed));
  }

  /** Only what the upstream did not say itself: a finish that it forgot. */
  private writeEvent(event: CompletionEvent): void {
    if (event.type === 'finish' || event.type === 'annotation')
      this.gate.write(encodeBinaryText(this.chunks.render(event)));
  }

  protected close(): void {
    this.observe(this.reader.end());
  }

  private observe(events: readonly CompletionEvent[]): void {
    for (const event of events) {
      this.keeper.observe(event);
      if (isMeaningful(event, this.hideReasoning)) this.gate.open();
    }
  }
}

const isReasoningOnly = (events: readonly CompletionEvent[]): boolean =>
  events.some((event) => event.type === 'reasoning-delta') &&
  events.every((event) => event.type === 'reasoning-delta' || event.type === 'start');

/** The chunk that only brings the usage: ours, with the cost, takes its place at the end. */
const isUsageOnly = (chunk: JsonRecord): boolean =>
  recordsOf(chunk['choices']).length === 0 && usageFieldOf(chunk) !== undefined;
