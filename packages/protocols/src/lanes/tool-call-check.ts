import type { CompletionEvent, CompletionRequest } from '@switchyard/contracts';
import { isRecord, parseJson } from '../json.js';

/** More arguments than this are not looked at, and no tool takes them. */
const MAX_ARGUMENTS_LENGTH = 10 * 1024 * 1024;

/** Whether the model's tool calls could be run: offered names, JSON objects as arguments. Feeds the error rate of endpoints. */
export class ToolCallCheck {
  private readonly offered: ReadonlySet<string>;
  private readonly open = new Map<string, { readonly name: string; readonly pieces: string[]; length: number }>();
  private seen = false;
  private broken = false;

  constructor(request: CompletionRequest) {
    this.offered = new Set((request.tools ?? []).map((tool) => tool.name));
  }

  /** Null without tool calls. A call that never ended counts as it stands. */
  get valid(): boolean | null {
    if (!this.seen) return null;
    return !this.broken && this.open.values().every((call) => isCallable(call.pieces.join('')));
  }

  observe(event: CompletionEvent): void {
    if (event.type === 'tool-call-start') {
      this.seen = true;
      this.broken ||= this.offered.size > 0 && !this.offered.has(event.name);
      this.open.set(keyOf(event), { name: event.name, pieces: [], length: 0 });
    } else if (event.type === 'tool-call-delta') {
      const call = this.open.get(keyOf(event));
      if (!call) return;
      call.length += event.arguments.length;
      if (call.length > MAX_ARGUMENTS_LENGTH) this.broken = true;
      else call.pieces.push(event.arguments);
    } else if (event.type === 'tool-call-end') {
      this.broken ||= !isCallable(this.open.get(keyOf(event))?.pieces.join('') ?? '');
      this.open.delete(keyOf(event));
    }
  }
}

const keyOf = (event: { readonly choice: number; readonly index: number }): string => `${event.choice}/${event.index}`;

/** No arguments at all are what a tool without parameters gets. */
const isCallable = (text: string): boolean => text.trim() === '' || isRecord(parseJson(text)?.value);
