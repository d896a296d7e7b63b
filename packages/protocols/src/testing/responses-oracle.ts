import type { Answer } from './oracle.js';

interface Part {
  readonly type?: string;
  readonly text?: string;
}
interface Item {
  readonly type?: string;
  readonly name?: string;
  readonly arguments?: string;
  readonly content?: readonly Part[] | null;
  readonly summary?: readonly Part[];
  readonly encrypted_content?: string | null;
}
interface Response {
  readonly status?: string;
  readonly output?: readonly Item[];
  readonly incomplete_details?: { readonly reason?: string } | null;
  readonly usage?: { readonly input_tokens: number; readonly output_tokens: number } | null;
}
interface Event {
  readonly type?: string;
  readonly delta?: string;
  readonly item?: Item;
  readonly response?: Response;
}

/**
 * What a `response` says, by OpenAI's reference: a stream ends with an event that repeats the whole response, and each item is
 * repeated when it is done. Only what a cut stream never repeated is read from its deltas.
 */
export function readResponses(values: readonly unknown[]): Answer {
  const events = values as readonly Event[];
  const last = events.find(({ type }) => type === 'response.completed' || type === 'response.incomplete');
  const whole =
    last?.response ?? (events.length === 1 && events[0]!.type === undefined ? (values[0] as Response) : null);
  const done = events.flatMap(({ type, item }) => (type === 'response.output_item.done' && item ? [item] : []));
  const items = whole?.output ?? done;
  const texts = (type: string) => items.filter((item) => item.type === type).flatMap((item) => item.content ?? []);
  const deltas = (type: string) => events.map((event) => (event.type === type ? (event.delta ?? '') : '')).join('');
  const usage = (whole?.usage?.output_tokens ?? -1) >= 0 ? whole?.usage : null;
  const text = texts('message')
    .map((part) => (part.type === 'output_text' ? part.text : ''))
    .join('');
  const thoughts = items
    .filter((item) => item.type === 'reasoning')
    .map((item) => {
      const summary = (item.summary ?? []).map((part) => part.text).join('\n\n');
      return summary + (item.content ?? []).map((part) => part.text).join('');
    })
    .join('');
  return {
    text: whole ? text : deltas('response.output_text.delta'),
    reasoning: whole ? thoughts : deltas('response.reasoning_summary_text.delta'),
    // Each repetition is encrypted anew; the item's own end is what a client keeps.
    signatures: (done.length > 0 ? done : items).flatMap((item) =>
      item.type === 'reasoning' && item.encrypted_content ? [item.encrypted_content] : [],
    ),
    tools: items.flatMap(({ type, name, arguments: text }) =>
      type === 'function_call' ? [{ name: name!, arguments: parsed(text ?? '') }] : [],
    ),
    nativeFinish: whole ? (whole.incomplete_details?.reason ?? whole.status ?? null) : null,
    promptTokens: usage?.input_tokens ?? null,
    completionTokens: usage?.output_tokens ?? null,
  };
}

const parsed = (text: string): unknown => {
  try {
    return text.trim() === '' ? {} : (JSON.parse(text) as unknown);
  } catch {
    return text;
  }
};
