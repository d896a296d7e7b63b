import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import type { Wire } from './wire.js';

const RecordedCase = z.looseObject({
  case: z.string(),
  file: z.string().optional(),
  tags: z.array(z.string()).default([]),
  stream: z.boolean().nullish(),
  status: z.int().nullish(),
  framing: z.string().nullish(),
  content_type: z.string().nullish(),
  network_read_sizes: z.array(z.int()).nullish(),
  url: z.string().nullish(),
  response_headers: z.record(z.string(), z.string()).nullish(),
});
export type RecordedCase = z.output<typeof RecordedCase>;
const CaseIndex = z.looseObject({ cases: z.array(RecordedCase) });

/** What a request asks for, as far as it decides which recording fits. */
export interface RequestKind {
  readonly stream: boolean;
  readonly tools: boolean;
  readonly reasoning: boolean;
}

const BROKEN = ['midstream-error', 'no-terminal-event', 'error', 'error-body', 'error-event'];
const NOT_FORWARDED = new Set(['content-length', 'transfer-encoding', 'connection', 'content-encoding', 'keep-alive']);

/** Recorded exchanges of real providers, read from a directory with one folder and `index.json` per provider. */
export class Recordings {
  private readonly indexes = new Map<string, Promise<readonly RecordedCase[]>>();

  constructor(private readonly directory: string) {}

  async find(provider: string, name: string): Promise<RecordedCase | undefined> {
    return (await this.casesOf(provider)).find((recorded) => recorded.case === name);
  }

  /** The first sound recording of this kind, else the first that at least streams or not. */
  async fitting(provider: string, kind: RequestKind): Promise<RecordedCase | undefined> {
    const sound = (await this.casesOf(provider)).filter(
      (recorded) =>
        recorded.status === 200 &&
        (recorded.stream ?? false) === kind.stream &&
        !recorded.tags.some((tag) => BROKEN.includes(tag)),
    );
    const same = (recorded: RecordedCase, tag: string, wanted: boolean) => recorded.tags.includes(tag) === wanted;
    return (
      sound.find(
        (recorded) => same(recorded, 'tool-call', kind.tools) && same(recorded, 'reasoning', kind.reasoning),
      ) ??
      sound.find((recorded) => same(recorded, 'tool-call', kind.tools)) ??
      sound[0]
    );
  }

  /** The bytes as the provider sent them. @param path decides how recorded payload lines are framed */
  async bytesOf(provider: string, recorded: RecordedCase, path: string): Promise<Buffer> {
    const file = await readFile(join(this.directory, 'upstream', provider, recorded.file ?? ''));
    if (recorded.file?.endsWith('.b64.txt')) return Buffer.from(file.toString('latin1'), 'base64');
    return recorded.framing === 'payload-lines' ? framed(file.toString('utf8'), path) : file;
  }

  private casesOf(provider: string): Promise<readonly RecordedCase[]> {
    const known = this.indexes.get(provider) ?? this.load(provider);
    this.indexes.set(provider, known);
    return known;
  }

  private async load(provider: string): Promise<readonly RecordedCase[]> {
    const text = await readFile(join(this.directory, 'upstream', provider, 'index.json'), 'utf8').catch(() => null);
    return text === null ? [] : CaseIndex.parse(JSON.parse(text)).cases;
  }
}

/** Puts the event framing back that the recorder left out, in the form of the format that the path belongs to. */
function framed(text: string, path: string): Buffer {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && line.trim() !== '[DONE]');
  if (path.endsWith('/messages'))
    return Buffer.from(lines.map((line) => `event: ${nameOf(line)}\ndata: ${line}\n\n`).join(''));
  if (path.includes('GenerateContent') || path.includes('generateContent'))
    return Buffer.from(lines.map((line) => `data: ${line}\r\n\r\n`).join(''));
  return Buffer.from(`${lines.map((line) => `data: ${line}\n\n`).join('')}data: [DONE]\n\n`);
}

const Named = z.looseObject({ type: z.string() });
const nameOf = (line: string): string => Named.parse(JSON.parse(line)).type;

/** Sends a recording in the network reads in which it once arrived, where they are known. */
export async function sendRecording(wire: Wire, recorded: RecordedCase, bytes: Buffer): Promise<void> {
  wire.entry.replayed = recorded.case;
  const headers = Object.entries(recorded.response_headers ?? {}).filter(([name]) => !NOT_FORWARDED.has(name));
  const contentType = recorded.content_type ?? (recorded.stream ? 'text/event-stream' : 'application/json');
  wire.head(recorded.status ?? 200, { ...Object.fromEntries(headers), 'content-type': contentType });
  for (const piece of piecesOf(bytes, recorded.network_read_sizes ?? [])) {
    await wire.write(piece);
    await nextTurn();
  }
  await wire.end();
}

function* piecesOf(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (const size of sizes) {
    if (at >= bytes.length) return;
    yield bytes.subarray(at, at + size);
    at += size;
  }
  if (at < bytes.length) yield bytes.subarray(at);
}

/** `[[replay: provider/case]]` anywhere in a request, of whatever format: what it is answered with. */
export function replayAskedFor(body: Buffer): { readonly provider: string; readonly case: string } | null {
  const at = body.indexOf(REPLAY);
  if (at < 0) return null;
  const [, provider = '', name = ''] =
    /^([a-z0-9-]+)\/([\w.-]+)\]\]/.exec(body.toString('latin1', at + REPLAY.length, at + MAX_DIRECTIVE)) ?? [];
  return name === '' ? null : { provider, case: name };
}
const REPLAY = '[[replay: ';
const MAX_DIRECTIVE = 400;

const AnyBody = z.looseObject({
  model: z.string().optional(),
  stream: z.boolean().nullish(),
  tools: z.array(z.unknown()).nullish(),
  generationConfig: z.looseObject({ thinkingConfig: z.unknown().optional() }).nullish(),
});

/** What a request of any format asks for. */
export function kindOf(body: unknown, path: string): RequestKind & { model: string } {
  const parsed = AnyBody.safeParse(body);
  if (!parsed.success) return { model: '', stream: false, tools: false, reasoning: false };
  const { model, stream, tools, generationConfig, ...rest } = parsed.data;
  return {
    model: model ?? /\/models\/([^/:]+):/.exec(path)?.[1] ?? '',
    stream: (stream ?? false) || path.includes(':streamGenerateContent'),
    tools: (tools?.length ?? 0) > 0,
    reasoning:
      ['reasoning', 'reasoning_effort', 'thinking'].some((name) => rest[name] != null) ||
      generationConfig?.thinkingConfig !== undefined,
  };
}
