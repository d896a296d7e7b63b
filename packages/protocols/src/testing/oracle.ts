import type { ProtocolId } from '@switchyard/contracts';
import { readConverse } from './converse-oracle.js';
import { readCohere, readOllama } from './native-oracles.js';
import { readResponses } from './responses-oracle.js';

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

/** What stands at a path of a JSON value; undefined where the path ends early. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce(
    (inner: unknown, key) => (inner as Record<string | number, unknown> | null | undefined)?.[key],
    value,
  );
}
const textAt = (value: unknown, ...path: readonly (string | number)[]): string =>
  (at(value, ...path) as string | null) ?? '';
const numberAt = (value: unknown, ...path: readonly (string | number)[]): number =>
  (at(value, ...path) as number | null) ?? 0;
const listAt = (value: unknown, ...path: readonly (string | number)[]): readonly unknown[] =>
  (at(value, ...path) as unknown[] | null) ?? [];

export function readAnswer(protocol: ProtocolId, bytes: Buffer, stream: boolean): Answer {
  if (protocol === 'bedrock-converse') return readConverse(bytes, stream);
  const values = stream ? streamValues(bytes) : [JSON.parse(bytes.toString('utf8')) as unknown];
  if (protocol === 'openai-chat' || protocol === 'mistral') return readOpenAi(values, stream);
  if (protocol === 'cohere-v2') return readCohere(values);
  if (protocol === 'ollama') return readOllama(values);
  if (protocol === 'openai-responses') return readResponses(values);
  return protocol === 'gemini' || protocol === 'gemini-vertex' ? readGemini(values) : readAnthropic(values);
}

function streamValues(bytes: Buffer): readonly unknown[] {
  if (bytes[0] === 0) return invocationValues(bytes);
  const text = bytes.toString('utf8');
  if (text.trimStart().startsWith('[')) return JSON.parse(text) as unknown[];
  if (text.trimStart().startsWith('{'))
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
  return text
    .split(/\r?\n\r?\n/)
    .slice(0, -1)
    .flatMap((block) => block.split(/\r?\n/))
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trim())
    .filter((line) => line !== '' && line !== '[DONE]')
    .map((line) => JSON.parse(line) as unknown);
}

/** InvokeModel of Bedrock: binary messages (length, length of headers, checksum, headers, payload, checksum), base64 in each. */
function invocationValues(bytes: Buffer): readonly unknown[] {
  const values: unknown[] = [];
  for (let start = 0; start < bytes.length; start += bytes.readUInt32BE(start)) {
    const payload = bytes.subarray(start + 12 + bytes.readUInt32BE(start + 4), start + bytes.readUInt32BE(start) - 4);
    const inner = textAt(JSON.parse(payload.toString('utf8')), 'bytes');
    values.push(JSON.parse(Buffer.from(inner, 'base64').toString('utf8')));
  }
  return values;
}

interface Draft {
  text: string;
  reasoning: string;
  readonly signatures: string[];
  nativeFinish: string | null;
  promptTokens: number | null;
  completionTokens: number | null;
}

const draft = (): Draft => ({
  text: '',
  reasoning: '',
  signatures: [],
  nativeFinish: null,
  promptTokens: null,
  completionTokens: null,
});

function readOpenAi(values: readonly unknown[], stream: boolean): Answer {
  const answer = draft();
  const calls = new Map<number, { name: string; arguments: string }>();
  for (const value of values) {
    const usage = at(value, 'usage') ?? at(value, 'x_groq', 'usage');
    if (usage) {
      const prompt = numberAt(usage, 'prompt_tokens');
      answer.promptTokens = prompt;
      answer.completionTokens = Math.max(
        numberAt(usage, 'completion_tokens'),
        numberAt(usage, 'total_tokens') - prompt,
      );
    }
    const choice = listAt(value, 'choices').find((one) => numberAt(one, 'index') === 0);
    if (!choice) continue;
    answer.nativeFinish ??= textAt(choice, 'finish_reason') || null;
    const [own, other] = stream ? (['delta', 'message'] as const) : (['message', 'delta'] as const);
    const message = at(choice, own) ?? at(choice, other) ?? { content: at(choice, 'text') };
    const content = at(message, 'content');
    if (typeof content === 'string') answer.text += content;
    else if (content && !Array.isArray(content)) answer.text += JSON.stringify(content);
    else
      for (const part of listAt(message, 'content')) {
        if (textAt(part, 'type') !== 'thinking') answer.text += textAt(part, 'text');
        else for (const piece of listAt(part, 'thinking')) answer.reasoning += textAt(piece, 'text');
      }
    answer.reasoning += textAt(message, 'reasoning') || textAt(message, 'reasoning_content');
    for (const detail of listAt(message, 'reasoning_details')) {
      const signature = textAt(detail, 'signature') || textAt(detail, 'data');
      if (signature) answer.signatures.push(signature);
      if (!at(message, 'reasoning') && !at(message, 'reasoning_content')) answer.reasoning += textAt(detail, 'text');
    }
    const old = at(message, 'function_call');
    const legacy = textAt(old, 'name') || textAt(old, 'arguments') ? old : undefined;
    const pieces = legacy ? [{ index: 0, function: legacy }] : listAt(message, 'tool_calls');
    for (const [position, piece] of pieces.entries()) {
      const index = (at(piece, 'index') as number | undefined) ?? position;
      const call = calls.get(index) ?? { name: '', arguments: '' };
      call.name ||= textAt(piece, 'function', 'name');
      call.arguments += textAt(piece, 'function', 'arguments');
      calls.set(index, call);
    }
  }
  return {
    ...answer,
    tools: [...calls.values()].map((call) => ({ name: call.name, arguments: parsed(call.arguments) })),
  };
}

function readAnthropic(values: readonly unknown[]): Answer {
  const answer = draft();
  const tools: { name: string; arguments: unknown; pieces: string }[] = [];
  const toolBlocks = new Set<unknown>();
  let usage: Record<string, unknown> = {};
  const readBlock = (block: unknown): void => {
    const type = textAt(block, 'type');
    if (type === 'text') answer.text += textAt(block, 'text');
    if (type === 'thinking') answer.reasoning += textAt(block, 'thinking');
    const signature = textAt(block, 'signature') || (type === 'redacted_thinking' ? textAt(block, 'data') : '');
    if (signature) answer.signatures.push(signature);
    if (type === 'tool_use') tools.push({ name: textAt(block, 'name'), arguments: at(block, 'input'), pieces: '' });
  };
  for (const value of values) {
    const type = textAt(value, 'type');
    usage = { ...usage, ...(at(value, 'message', 'usage') as object), ...(at(value, 'usage') as object) };
    for (const block of listAt(value, 'content')) readBlock(block);
    if (type === 'content_block_start') {
      readBlock(at(value, 'content_block'));
      if (textAt(value, 'content_block', 'type') === 'tool_use') toolBlocks.add(at(value, 'index'));
    }
    if (type === 'content_block_delta') {
      answer.text += textAt(value, 'delta', 'text');
      answer.reasoning += textAt(value, 'delta', 'thinking');
      if (textAt(value, 'delta', 'signature')) answer.signatures.push(textAt(value, 'delta', 'signature'));
      if (toolBlocks.has(at(value, 'index'))) tools.at(-1)!.pieces += textAt(value, 'delta', 'partial_json');
    }
    answer.nativeFinish ??= textAt(value, 'stop_reason') || textAt(value, 'delta', 'stop_reason') || null;
  }
  if (answer.nativeFinish !== null) {
    const input = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'];
    answer.promptTokens = input.reduce((sum, field) => sum + numberAt(usage, field), 0);
    answer.completionTokens = numberAt(usage, 'output_tokens');
  }
  return {
    ...answer,
    tools: tools.map((tool) => ({ name: tool.name, arguments: tool.pieces ? parsed(tool.pieces) : tool.arguments })),
  };
}

function readGemini(values: readonly unknown[]): Answer {
  const answer = draft();
  const tools: { name: string; arguments: Record<string, unknown> }[] = [];
  for (const value of values) {
    const usage = at(value, 'usageMetadata');
    if (at(usage, 'totalTokenCount')) {
      const prompt = numberAt(usage, 'promptTokenCount') + numberAt(usage, 'toolUsePromptTokenCount');
      answer.promptTokens = prompt;
      answer.completionTokens = numberAt(usage, 'totalTokenCount') - prompt;
    }
    const candidate = listAt(value, 'candidates')[0];
    answer.nativeFinish ??= textAt(candidate, 'finishReason') || null;
    for (const part of listAt(candidate, 'content', 'parts')) {
      if (textAt(part, 'thoughtSignature')) answer.signatures.push(textAt(part, 'thoughtSignature'));
      if (at(part, 'thought')) answer.reasoning += textAt(part, 'text');
      else answer.text += textAt(part, 'text');
      const name = textAt(part, 'functionCall', 'name');
      if (name) tools.push({ name, arguments: { ...(at(part, 'functionCall', 'args') as object) } });
      // The recordings have only pieces of strings.
      for (const piece of listAt(part, 'functionCall', 'partialArgs'))
        append(tools.at(-1)!.arguments, textAt(piece, 'jsonPath'), textAt(piece, 'stringValue'));
    }
  }
  return { ...answer, tools };
}

/** Adds a piece of text at a path like `$.items[0].name`, making the lists and objects on its way. */
function append(root: Record<string, unknown>, path: string, text: string): void {
  const keys = [...path.matchAll(/\.(\w+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
  let target = root as Record<string | number, unknown>;
  for (const [depth, key] of keys.slice(0, -1).entries())
    target = (target[key] ??= typeof keys[depth + 1] === 'number' ? [] : {}) as Record<string | number, unknown>;
  const last = keys.at(-1)!;
  target[last] = textAt(target, last) + text;
}

const parsed = (text: string): unknown => {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};
