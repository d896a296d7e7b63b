import type { CompletionEvent, CompletionRequest, ToolCallVerdict } from '@switchyard/contracts';
import { isRecord, parseJson } from '../json.js';
import { fitsSchema } from './schema-check.js';

/** More arguments than this are not looked at, and no tool takes them. */
const MAX_ARGUMENTS_LENGTH = 10 * 1024 * 1024;
/** Longer arguments than this are not held against their schema: it would take too long. */
const MAX_CHECKED_LENGTH = 256 * 1024;

interface OpenCall {
  readonly name: string;
  readonly pieces: string[];
  length: number;
}

/**
 * Whether the model's tool calls could be run (spec 3.5): offered names, JSON objects as arguments, arguments that fit the schema of
 * the tool. Feeds the error rate of endpoints.
 */
export class ToolCallCheck {
  private readonly offered: ReadonlyMap<string, unknown>;
  private readonly open = new Map<string, OpenCall>();
  private seen = false;
  private fault: ToolCallVerdict | null = null;

  constructor(request: CompletionRequest) {
    this.offered = new Map((request.tools ?? []).map((tool) => [tool.name, tool.parameters]));
  }

  /** Null without tool calls. A call that never ended counts as it stands. */
  get verdict(): ToolCallVerdict | null {
    if (!this.seen) return null;
    if (this.fault !== null) return this.fault;
    for (const call of this.open.values()) {
      const verdict = this.judge(call);
      if (verdict !== 'valid') return verdict;
    }
    return 'valid';
  }

  observe(event: CompletionEvent): void {
    if (event.type === 'tool-call-start') {
      this.seen = true;
      this.open.set(keyOf(event), { name: event.name, pieces: [], length: 0 });
    } else if (event.type === 'tool-call-delta') {
      const call = this.open.get(keyOf(event));
      if (!call) return;
      call.length += event.arguments.length;
      if (call.length > MAX_ARGUMENTS_LENGTH) this.fault ??= 'invalid_json';
      else call.pieces.push(event.arguments);
    } else if (event.type === 'tool-call-end') {
      const call = this.open.get(keyOf(event));
      if (!call) return;
      const verdict = this.judge(call);
      if (verdict !== 'valid') this.fault ??= verdict;
      this.open.delete(keyOf(event));
    }
  }

  private judge({ name, pieces }: OpenCall): ToolCallVerdict {
    if (this.offered.size > 0 && !this.offered.has(name)) return 'unknown_name';
    const text = pieces.join('');
    // No arguments at all are what a tool without parameters gets.
    const value = text.trim() === '' ? {} : parseJson(text)?.value;
    if (!isRecord(value)) return 'invalid_json';
    if (text.length > MAX_CHECKED_LENGTH) return 'valid';
    return fitsSchema(this.offered.get(name), value) ? 'valid' : 'schema_mismatch';
  }
}

const keyOf = (event: { readonly choice: number; readonly index: number }): string => `${event.choice}/${event.index}`;
