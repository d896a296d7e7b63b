import type { Answer } from './oracle.js';

interface CohereCall {
  readonly function: { readonly name?: string; readonly arguments?: string };
}
interface CoherePart {
  readonly text?: string;
  readonly thinking?: string;
}
interface CohereUsage {
  readonly billed_units: { readonly input_tokens: number; readonly output_tokens: number };
}
interface CohereEvent {
  readonly type?: string;
  readonly index?: number;
  readonly message?: {
    readonly content?: CoherePart[];
    readonly tool_plan?: string;
    readonly tool_calls?: CohereCall[];
  };
  readonly delta?: {
    readonly message?: { readonly content?: CoherePart; readonly tool_plan?: string; readonly tool_calls?: CohereCall };
    readonly finish_reason?: string;
    readonly usage?: CohereUsage;
  };
  readonly finish_reason?: string;
  readonly usage?: CohereUsage;
}

/** What a chat of Cohere's version 2 says, by its reference: what a customer pays for are the billed units. */
export function readCohere(values: readonly unknown[]): Answer {
  const events = values as readonly CohereEvent[];
  const parts = events.flatMap(({ message, delta, type }) =>
    type?.startsWith('content') ? (delta?.message?.content ?? []) : (message?.content ?? []),
  );
  const plans = events.map(({ message, delta, type }) =>
    type === 'tool-plan-delta' ? delta?.message?.tool_plan : message?.tool_plan,
  );
  const calls: { name: string; arguments: string }[] = [];
  for (const { type, index, delta, message } of events) {
    for (const call of message?.tool_calls ?? []) calls.push({ name: '', arguments: '', ...call.function });
    const piece = delta?.message?.tool_calls;
    if (type === 'tool-call-start') calls[index!] = { name: piece!.function.name!, arguments: '' };
    if (type === 'tool-call-delta') calls[index!]!.arguments += piece!.function.arguments!;
  }
  const end = events.map((event) => event.delta ?? event).find((event) => event.finish_reason !== undefined);
  return {
    text: parts.map((part) => part.text ?? '').join(''),
    reasoning: [...parts.map((part) => part.thinking ?? ''), ...plans.map((plan) => plan ?? '')].join(''),
    signatures: [],
    tools: calls.map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments || '{}') as unknown })),
    nativeFinish: end?.finish_reason ?? null,
    promptTokens: end?.usage?.billed_units.input_tokens ?? null,
    completionTokens: end?.usage?.billed_units.output_tokens ?? null,
  };
}

interface OllamaPiece {
  readonly message?: {
    readonly content?: string;
    readonly thinking?: string;
    readonly tool_calls?: readonly { readonly function: { readonly name: string; readonly arguments: unknown } }[];
  };
  readonly response?: string;
  readonly done: boolean;
  readonly done_reason?: string;
  readonly prompt_eval_count?: number;
  readonly eval_count?: number;
}

/** What Ollama's own API says: one object after the other, of which the last has the counts. */
export function readOllama(values: readonly unknown[]): Answer {
  const pieces = values as readonly OllamaPiece[];
  const last = pieces.find(({ done }) => done);
  return {
    text: pieces.map(({ message, response }) => message?.content ?? response ?? '').join(''),
    reasoning: pieces.map(({ message }) => message?.thinking ?? '').join(''),
    signatures: [],
    tools: pieces.flatMap(({ message }) =>
      (message?.tool_calls ?? []).map((call) => ({ name: call.function.name, arguments: call.function.arguments })),
    ),
    nativeFinish: last?.done_reason ?? null,
    promptTokens: last ? (last.prompt_eval_count ?? 0) : null,
    completionTokens: last ? (last.eval_count ?? 0) : null,
  };
}
