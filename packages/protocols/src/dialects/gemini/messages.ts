import type { ContentPart, Message, ReasoningDetail, TextPart, ToolCall } from '@switchyard/contracts';
import { GEMINI_REASONING } from '../../gemini/wire.js';
import { contentOf } from './content-schema.js';
import type { WirePart } from './content-schema.js';
import type { GenerateContentRequest } from './request-schema.js';
import { wrappedDetail } from './signatures.js';

type Content = GenerateContentRequest['contents'][number];

/**
 * Turns as canonical messages. Google matches results to calls by name where they have no id, so calls get ids here and each
 * result the id of the next call of its name that has none yet.
 */
export function messagesOf({ contents, systemInstruction }: GenerateContentRequest): Message[] {
  const calls = new CallIds();
  const instructions = partsOf(systemInstruction ?? {}).flatMap((part): TextPart[] =>
    typeof part.text === 'string' ? [{ type: 'text', text: part.text }] : [],
  );
  return [
    ...(instructions.length > 0 ? [{ role: 'system' as const, content: instructions }] : []),
    ...contents.flatMap((content): Message[] =>
      content.role === 'model' ? [modelTurn(partsOf(content), calls)] : userTurns(content, calls),
    ),
  ];
}

const partsOf = ({ parts }: Pick<Content, 'parts'>): readonly WirePart[] => parts ?? [];

function userTurns(content: Content, calls: CallIds): Message[] {
  const parts = partsOf(content);
  const results = parts.flatMap(({ functionResponse }): Message[] =>
    functionResponse
      ? [
          {
            role: 'tool',
            toolCallId: functionResponse.id || calls.answered(functionResponse.name),
            name: functionResponse.name,
            content: [{ type: 'text', text: resultText(functionResponse.response ?? {}) }],
          },
        ]
      : [],
  );
  const said = parts.map(contentOf).filter((part): part is ContentPart => part !== null);
  if (content.role === 'system')
    return [{ role: 'system', content: said.filter((part): part is TextPart => part.type === 'text') }];
  return said.length > 0 || results.length === 0 ? [...results, { role: 'user', content: said }] : results;
}

/** `{result: …}` and `{output: …}` are how Google's clients wrap what is no object. */
function resultText(response: Readonly<Record<string, unknown>>): string {
  const keys = Object.keys(response);
  const wrapped = keys.length === 1 && (keys[0] === 'result' || keys[0] === 'output') ? response[keys[0]] : undefined;
  if (typeof wrapped === 'string') return wrapped;
  return JSON.stringify(wrapped ?? response);
}

function modelTurn(parts: readonly WirePart[], calls: CallIds): Message {
  const content: ContentPart[] = [];
  const reasoning: ReasoningDetail[] = [];
  const toolCalls: ToolCall[] = [];
  for (const part of parts) {
    const foreign = part.thoughtSignature ? wrappedDetail(part.thoughtSignature) : null;
    const signature = foreign ? undefined : (part.thoughtSignature ?? undefined);
    if (part.functionCall) {
      const { name, args } = part.functionCall;
      const id = part.functionCall.id || calls.made(name);
      toolCalls.push({ id, name, arguments: JSON.stringify(args ?? {}), ...(signature && { signature }) });
      if (foreign) reasoning.push(foreign);
    } else if (part.thought === true) addThought(reasoning, part.text ?? '', { signature, foreign });
    else {
      if (foreign) reasoning.push(foreign);
      if (signature) reasoning.push({ type: 'reasoning.encrypted', data: signature, format: GEMINI_REASONING });
      const said = contentOf(part);
      if (said) content.push(said);
    }
  }
  return { role: 'assistant', content, toolCalls, reasoning };
}

/** A thought of another provider came in pieces, of which only the last is signed: they become one again. */
function addThought(
  reasoning: ReasoningDetail[],
  text: string,
  { signature, foreign }: { readonly signature: string | undefined; readonly foreign: ReasoningDetail | null },
): void {
  if (foreign?.type === 'reasoning.text') {
    let seen = text;
    for (let last = reasoning.at(-1); last?.type === 'reasoning.text' && !last.signature; last = reasoning.at(-1)) {
      seen = last.text + seen;
      reasoning.pop();
    }
    // The wrapper holds the text only where the client was not shown it.
    reasoning.push({ ...foreign, text: foreign.text || seen });
  } else if (foreign) reasoning.push(foreign);
  else reasoning.push({ type: 'reasoning.text', text, ...(signature && { signature }), format: GEMINI_REASONING });
}

class CallIds {
  private count = 0;
  private readonly open = new Map<string, string[]>();

  made(name: string): string {
    this.count += 1;
    const id = `call_${this.count}`;
    this.open.set(name, [...(this.open.get(name) ?? []), id]);
    return id;
  }

  answered(name: string): string {
    const [id, ...rest] = this.open.get(name) ?? [];
    this.open.set(name, rest);
    return id ?? `call_${name}`;
  }
}
