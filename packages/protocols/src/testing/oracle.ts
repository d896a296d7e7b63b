import type { ProtocolId } from '@switchyard/contracts';

/**
 * What an answer says, read from its bytes in the most naive way: complete lines, JSON.parse, concatenation. It shares no code
 * with the protocols, so that both would have to be wrong alike.
 */
export interface Answer {
  readonly text: string;
  readonly reasoning: string;
  readonly signatures: readonly string[];
  readonly tools: readonly { readonly name: string; readonly arguments: unknown }[];
  readonly nativeFinish: string | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
}

// Values of recordings, of which nothing is known before they are looked at.
// oxlint-disable-next-line typescript/no-explicit-any -- the oracle reads foreign JSON without a schema, on purpose.
type Json = any;

export function readAnswer(protocol: ProtocolId, bytes: Buffer, stream: boolean): Answer {
  const values = stream ? streamValues(bytes.toString('utf8')) : [JSON.parse(bytes.toString('utf8')) as Json];
  if (protocol === 'openai-chat') return readOpenAi(values);
  return protocol === 'gemini' ? readGemini(values) : readAnthropic(values);
}

function streamValues(text: string): Json[] {
  if (text.trimStart().startsWith('[')) return JSON.parse(text) as unknown as Json[];
  return text
    .split(/\r?\n\r?\n/)
    .slice(0, -1)
    .flatMap((block) => block.split(/\r?\n/))
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trim())
    .filter((line) => line !== '' && line !== '[DONE]')
    .map((line) => JSON.parse(line) as Json);
}

const NONE = {
  text: '',
  reasoning: '',
  signatures: [],
  tools: [],
  nativeFinish: null,
  promptTokens: null,
  completionTokens: null,
};

function readOpenAi(values: readonly Json[]): Answer {
  const answer = { ...NONE, signatures: [] as string[] };
  const calls = new Map<number, { name: string; arguments: string }>();
  for (const value of values) {
    const usage = value['usage'] ?? value['x_groq']?.['usage'];
    if (usage) {
      const [prompt, completion, total] = [
        usage['prompt_tokens']!,
        usage['completion_tokens']!,
        usage['total_tokens']!,
      ];
      Object.assign(answer, { promptTokens: prompt, completionTokens: Math.max(completion, total - prompt) });
    }
    const choice = (value['choices'] ?? ([] as unknown as Json)).find((one: Json) => (one['index'] ?? 0) === 0);
    if (!choice) continue;
    answer.nativeFinish ??= choice['finish_reason'] || null;
    const message = choice['delta'] ?? choice['message'] ?? ({ content: choice['text'] } as unknown as Json);
    const { content } = message;
    if (typeof content === 'string') answer.text += content;
    else
      for (const part of content ?? []) {
        if (part['type'] === 'thinking')
          answer.reasoning += part['thinking']!.map((piece: Json) => piece['text']).join('');
        else answer.text += part['text'];
      }
    answer.reasoning += message['reasoning'] || message['reasoning_content'] || '';
    for (const detail of message['reasoning_details'] ?? []) {
      const signature = detail['signature'] ?? detail['data'];
      if (signature) answer.signatures.push(signature);
    }
    const legacy = message['function_call'];
    const pieces = message['tool_calls'] ?? (legacy ? [{ index: 0, function: legacy }] : []);
    for (const [position, piece] of (pieces as Json[]).entries()) {
      const index = piece['index'] ?? position;
      const call = calls.get(index) ?? { name: '', arguments: '' };
      call.name ||= piece['function']?.['name'] ?? '';
      call.arguments += piece['function']?.['arguments'] ?? '';
      calls.set(index, call);
    }
  }
  const tools = [...calls.values()].map((call) => ({ name: call.name, arguments: parsed(call.arguments) }));
  return { ...answer, tools };
}

function readAnthropic(values: readonly Json[]): Answer {
  const answer = { ...NONE, signatures: [] as string[] };
  const tools: { name: string; arguments: unknown; pieces: string }[] = [];
  const block = (one: Json): void => {
    answer.text += one['type'] === 'text' ? one['text'] : '';
    answer.reasoning += one['type'] === 'thinking' ? one['thinking'] : '';
    if (one['signature']) answer.signatures.push(one['signature']);
    if (one['type'] === 'redacted_thinking') answer.signatures.push(one['data']!);
    if (one['type'] === 'tool_use') tools.push({ name: one['name']!, arguments: one['input'], pieces: '' });
  };
  let usage: Record<string, number> = {};
  const toolBlocks = new Set<number>();
  for (const value of values) {
    const kind = value['type'] as string;
    if (kind === 'message') value['content']!.forEach(block);
    if (kind === 'message' || kind === 'message_start') usage = (value['message'] ?? value)['usage'] as never;
    if (kind === 'content_block_start') {
      block(value['content_block']!);
      if (value['content_block']!['type'] === 'tool_use') toolBlocks.add(value['index']!);
    }
    const delta = value['delta'];
    if (kind === 'content_block_delta' && delta) {
      answer.text += delta['text'] ?? '';
      answer.reasoning += delta['thinking'] ?? '';
      if (delta['signature']) answer.signatures.push(delta['signature']);
      if (delta['partial_json'] && toolBlocks.has(value['index']!)) tools.at(-1)!.pieces += delta['partial_json'];
    }
    if (kind === 'message_delta') usage = { ...usage, ...(value['usage'] as unknown as Record<string, number>) };
    answer.nativeFinish ??= value['stop_reason'] ?? (kind === 'message_delta' ? delta?.['stop_reason'] : null) ?? null;
  }
  const counted = answer.nativeFinish !== null;
  return {
    ...answer,
    tools: tools.map((tool) => ({ name: tool.name, arguments: tool.pieces ? parsed(tool.pieces) : tool.arguments })),
    promptTokens: counted
      ? usage['input_tokens']! + (usage['cache_read_input_tokens'] ?? 0) + (usage['cache_creation_input_tokens'] ?? 0)
      : null,
    completionTokens: counted ? usage['output_tokens']! : null,
  };
}

function readGemini(values: readonly Json[]): Answer {
  const answer = { ...NONE, signatures: [] as string[] };
  const tools: { name: string; arguments: Record<string, unknown> }[] = [];
  for (const value of values) {
    const usage = value['usageMetadata'];
    if (usage?.['totalTokenCount']) {
      const prompt = usage['promptTokenCount']! + (usage['toolUsePromptTokenCount'] ?? 0);
      Object.assign(answer, { promptTokens: prompt, completionTokens: usage['totalTokenCount'] - prompt });
    }
    const candidate = value['candidates']?.[0];
    if (!candidate) continue;
    answer.nativeFinish ??= candidate['finishReason'] ?? null;
    for (const part of candidate['content']?.['parts'] ?? []) {
      if (part['thoughtSignature']) answer.signatures.push(part['thoughtSignature']);
      if (part['thought']) answer.reasoning += part['text'];
      else answer.text += part['text'] ?? '';
      const call = part['functionCall'];
      if (call?.['name']) tools.push({ name: call['name'], arguments: { ...(call['args'] as unknown as object) } });
      // The recordings have only pieces of strings at the top level.
      for (const piece of call?.['partialArgs'] ?? []) {
        const name = (piece['jsonPath'] as string).slice(2);
        const target = tools.at(-1)!.arguments;
        target[name] = `${(target[name] as string) ?? ''}${piece['stringValue'] as string}`;
      }
    }
  }
  return { ...answer, tools };
}

const parsed = (text: string): unknown => {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};
