import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProtocolId } from '@switchyard/contracts';
import { encodePayloadLines } from './event-stream.js';

/** A case of the recorded provider traffic (see its README). */
export interface Recording {
  readonly provider: string;
  readonly protocol: ProtocolId;
  readonly case: string;
  readonly tags: readonly string[];
  readonly stream: boolean;
  readonly status: number;
  readonly framing: string;
  readonly file: string;
  readonly requestFile: string | null;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly networkReadSizes: readonly number[] | null;
}

/** Which protocol each provider's folder speaks. */
const PROTOCOLS: Readonly<Record<string, ProtocolId>> = {
  openai: 'openai-chat',
  groq: 'openai-chat',
  mistral: 'mistral',
  deepseek: 'openai-chat',
  xai: 'openai-chat',
  together: 'openai-chat',
  fireworks: 'openai-chat',
  cerebras: 'openai-chat',
  moonshot: 'openai-chat',
  alibaba: 'openai-chat',
  zai: 'openai-chat',
  'anthropic-openai-compat': 'openai-chat',
  'gemini-openai-compat': 'openai-chat',
  openrouter: 'openai-chat',
  azure: 'openai-chat',
  'openai-responses': 'openai-responses',
  'azure-responses': 'openai-responses',
  'xai-responses': 'openai-responses',
  'deepseek-responses': 'openai-responses',
  'lmstudio-responses': 'openai-responses',
  anthropic: 'anthropic-messages',
  'azure-anthropic': 'anthropic-messages',
  bedrock: 'bedrock-converse',
  'bedrock-invoke': 'anthropic-bedrock',
  gemini: 'gemini',
  vertex: 'gemini-vertex',
  'bedrock-mantle': 'openai-chat',
  cohere: 'cohere-v2',
  ollama: 'openai-chat',
  perplexity: 'openai-chat',
  huggingface: 'openai-chat',
  cloudflare: 'openai-chat',
  databricks: 'openai-chat',
  snowflake: 'openai-chat',
  writer: 'openai-chat',
  crusoe: 'openai-chat',
};

/** Folders with vectors and rankings. Perplexity's vectors are bytes in base64 and no 32-bit floats, so it is not one of them. */
export const JOB_FOLDERS: Readonly<Record<string, ProtocolId>> = {
  'openai-embeddings': 'openai-chat',
  'voyage-embeddings': 'openai-chat',
  'cohere-rerank-embed': 'cohere-v2',
  gemini: 'gemini',
};

/** Cases of folders in which several protocols are spoken. */
const EXCEPTIONS: readonly { readonly pattern: RegExp; readonly protocol: ProtocolId }[] = [
  { pattern: /^vertex\/.*claude/, protocol: 'anthropic-vertex' },
  { pattern: /^openrouter\/responses-/, protocol: 'openai-responses' },
  { pattern: /^bedrock-mantle\/.*openai/, protocol: 'openai-responses' },
  // Its own API beside the compatible one, told apart by the names of models that run at home.
  { pattern: /^ollama\/.*(?:gemma3|llama3|qwen3|nonexistent|queue-full)/, protocol: 'ollama' },
];
const protocolFor = (provider: string, name: string, usual: ProtocolId): ProtocolId =>
  EXCEPTIONS.find(({ pattern }) => pattern.test(`${provider}/${name}`))?.protocol ?? usual;

const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url));

/** The recordings lie beside the repository unless SWITCHYARD_FIXTURES says where, whatever folder the tests run in. */
export function recordingsDirectory(): string | null {
  const directory = resolve(REPOSITORY, process.env['SWITCHYARD_FIXTURES'] ?? '../shared/fixtures');
  return existsSync(join(directory, 'upstream')) ? directory : null;
}

const folderOf = (directory: string, provider: string): string =>
  provider === 'openrouter' ? join(directory, 'openrouter') : join(directory, 'upstream', provider);

export function recordings(): readonly Recording[] {
  const directory = recordingsDirectory();
  if (directory === null) return [];
  return Object.entries(PROTOCOLS).flatMap(([provider, protocol]) => {
    const folder = folderOf(directory, provider);
    const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { cases: RawCase[] };
    return index.cases.map((raw): Recording => ({
      provider,
      protocol: protocolFor(provider, raw.case, protocol),
      case: raw.case,
      tags: raw.tags,
      stream: raw.stream,
      status: raw.status,
      framing: raw.framing,
      file: join(folder, raw.file),
      requestFile: raw.request_file ? join(folder, raw.request_file) : null,
      responseHeaders: raw.response_headers ?? {},
      networkReadSizes: raw.network_read_sizes ?? null,
    }));
  });
}

interface RawCase {
  readonly case: string;
  readonly tags: string[];
  readonly stream: boolean;
  readonly status: number;
  readonly framing: string;
  readonly file: string;
  readonly request_file?: string;
  readonly response_headers?: Record<string, string>;
  readonly network_read_sizes?: number[];
}

/** The bytes as the provider sent them; recordings that kept only the payloads get their framing back. */
export function bytesOf(recording: Recording): Buffer {
  const bytes = readFileSync(recording.file);
  if (recording.file.endsWith('.b64.txt')) return Buffer.from(bytes.toString('latin1'), 'base64');
  // Where JSON lines are what went over the wire they stay what they are.
  if (!recording.file.endsWith('.jsonl') || recording.tags.includes('ndjson-wire')) return bytes;
  if (recording.protocol === 'bedrock-converse') return encodePayloadLines(bytes.toString('utf8'));
  const events = bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `data: ${line}\n\n`);
  const done = ['openai-chat', 'mistral'].includes(recording.protocol) ? ['data: [DONE]\n\n'] : [];
  return Buffer.from([...events, ...done].join(''));
}

/** Recordings that are no chat completions, with the reason why they do not run. */
const NOT_CHAT: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  { pattern: /^models-list|^endpoints-/, reason: 'a list of models' },
  { pattern: /^count-tokens/, reason: 'a token count' },
  { pattern: /^input-tokens/, reason: 'a token count' },
  { pattern: /^compact/, reason: 'a conversation made shorter, not an answer' },
  { pattern: /^embeddings/, reason: 'embeddings' },
  {
    pattern: /^(?:audio|rerank|images|videos?|credits|key|generation|messages|moderation)\b/,
    reason: 'another endpoint',
  },
];
/** Forms in which no answer is ever asked for; by folder and case. */
const NOT_ASKED_FOR: readonly { readonly pattern: RegExp; readonly reason: string }[] = [
  {
    pattern: /^bedrock-invoke\/.*(?:openai\.|cohere\.|meta\.|amazon\.)/,
    reason: 'a format that InvokeModel has for this model alone; Converse serves it',
  },
  { pattern: /^vertex\/chat-text--gemini-2\.5-flash$/, reason: 'its client asked for enumerations as numbers' },
  { pattern: /^cohere\/(?:chat-text|stream-text--command(?:-03)?)$/, reason: 'version 1 of the API' },
  { pattern: /^writer\/stream-no-terminal-event/, reason: 'the old completions, which chats are not' },
];
/** Why a recording is no chat completion that somebody here could ask for; undefined where it is one. */
export const reasonAgainst = ({ provider, case: name }: Pick<Recording, 'provider' | 'case'>): string | undefined =>
  NOT_CHAT.find(({ pattern }) => pattern.test(name))?.reason ??
  NOT_ASKED_FOR.find(({ pattern }) => pattern.test(`${provider}/${name}`))?.reason;

/** All recordings of chat completions. */
export const chatRecordings = (): readonly Recording[] =>
  recordings().filter((recording) => reasonAgainst(recording) === undefined);

/** A tool of the provider failed in it, which the answer tells; the answer itself did not. */
const ONLY_A_TOOL_FAILED = ['openai-responses/chat-reasoning-signature-citations-server-tool--o4-mini'];

export const isError = ({ provider, case: name, status, tags }: Recording): boolean =>
  !ONLY_A_TOOL_FAILED.includes(`${provider}/${name}`) &&
  (status !== 200 || tags.includes('error') || tags.includes('error-body') || tags.includes('midstream-error'));
