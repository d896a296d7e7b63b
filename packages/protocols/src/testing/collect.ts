import { completionTokens, promptTokens } from '@switchyard/contracts';
import type { CompletionEvent, FinishReason, UpstreamFailure, Usage } from '@switchyard/contracts';
import type { Answer } from './oracle.js';

/** Events of the first choice put together, in the oracle's form. */
export interface Collected extends Answer {
  readonly finish: FinishReason | null;
  readonly failure: UpstreamFailure | null;
  readonly usage: Usage | null;
  readonly finishes: number;
}

export function collect(events: readonly CompletionEvent[]): Collected {
  let [text, reasoning, finishes] = ['', '', 0];
  const signatures: string[] = [];
  const tools = new Map<number, { name: string; arguments: string }>();
  let nativeFinish: string | null = null;
  let finish: FinishReason | null = null;
  let failure: UpstreamFailure | null = null;
  let usage: Usage | null = null;
  for (const event of events) {
    if ('choice' in event && event.choice !== 0) continue;
    if (event.type === 'text-delta') text += event.text;
    else if (event.type === 'reasoning-delta') {
      const { detail } = event;
      reasoning +=
        detail.type === 'reasoning.text' ? detail.text : detail.type === 'reasoning.summary' ? detail.summary : '';
      const signature =
        detail.type === 'reasoning.encrypted'
          ? detail.data
          : detail.type === 'reasoning.text'
            ? detail.signature
            : null;
      if (signature) signatures.push(signature);
    } else if (event.type === 'tool-call-start') {
      tools.set(event.index, { name: event.name, arguments: '' });
      if (event.signature) signatures.push(event.signature);
    } else if (event.type === 'tool-call-delta') tools.get(event.index)!.arguments += event.arguments;
    else if (event.type === 'usage') ({ usage } = event);
    else if (event.type === 'error') ({ failure } = event);
    else if (event.type === 'finish') {
      finishes++;
      [finish, nativeFinish] = [event.reason, event.nativeReason];
    }
  }
  return {
    text,
    reasoning,
    signatures,
    tools: [...tools.values()].map((call) => ({ name: call.name, arguments: parsed(call.arguments) })),
    nativeFinish,
    promptTokens: usage && promptTokens(usage),
    completionTokens: usage && completionTokens(usage),
    finish,
    failure,
    usage,
    finishes,
  };
}

export async function collectStream(events: AsyncIterable<CompletionEvent>): Promise<Collected> {
  const all: CompletionEvent[] = [];
  for await (const event of events) all.push(event);
  return collect(all);
}

export const answerOf = (collected: Answer): Answer => ({
  text: collected.text,
  reasoning: collected.reasoning,
  signatures: collected.signatures,
  tools: collected.tools,
  nativeFinish: collected.nativeFinish,
  promptTokens: collected.promptTokens,
  completionTokens: collected.completionTokens,
});

function parsed(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
