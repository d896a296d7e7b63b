import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Book } from './book.js';
import { Control } from './control.js';
import { exchange, pathOf } from './exchange.js';
import type { Format } from './formats/format.js';
import { anthropicBedrock, anthropicVertex } from './formats/anthropic-elsewhere.js';
import { anthropic } from './formats/anthropic.js';
import { bedrockConverse } from './formats/bedrock-converse.js';
import { cohere } from './formats/cohere.js';
import { gemini } from './formats/gemini.js';
import { ollama } from './formats/ollama.js';
import { openai } from './formats/openai.js';
import { openaiResponses } from './formats/openai-responses.js';
import { answerJob, JOB_ROUTE } from './jobs.js';
import { answerMedia, MEDIA_ROUTE } from './media.js';
import { PrefixCache } from './prefix-cache.js';
import { kindOf, Recordings, replayAskedFor, sendRecording } from './replay.js';
import type { RecordedCase } from './replay.js';
import { ClientGone, readBody, Wire } from './wire.js';

export interface SimulatorServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** 0 is as fast as possible. */
  readonly tokensPerSecond: number;
  /** Models that it does not know answer as `echo`; without it they are refused, as a provider does. */
  readonly anyModel?: boolean;
  /** Serves `/_control/*`. */
  readonly control: boolean;
  /** Directory of recorded exchanges, for `/replay/*`. */
  readonly fixtures: string | null;
}

const ROUTES: readonly (readonly [RegExp, Format])[] = [
  [/\/chat\/completions$/, openai],
  [/\/responses$/, openaiResponses],
  [/\/messages$/, anthropic],
  [/\/models\/[^/]+:(?:generateContent|streamGenerateContent)$/, gemini],
  [/\/models\/[^/]+:(?:rawPredict|streamRawPredict)$/, anthropicVertex],
  [/\/model\/[^/]+\/(?:invoke|invoke-with-response-stream)$/, anthropicBedrock],
  [/\/model\/[^/]+\/(?:converse|converse-stream)$/, bedrockConverse],
  [/\/v2\/chat$/, cohere],
  [/\/api\/chat$/, ollama],
];

const KEEP_ALIVE_MS = 60_000;

/** The simulated upstream: an HTTP server that speaks the wire formats of providers and keeps a book of every request. */
export class SimulatorServer {
  readonly book = new Book();
  readonly control: Control;
  private readonly cache = new PrefixCache();
  private readonly recordings: Recordings | null;
  private readonly server: Server;
  private readonly run = randomBytes(6).toString('hex');

  constructor(private readonly options: SimulatorServerOptions) {
    this.control = new Control(this.book);
    this.recordings = options.fixtures === null ? null : new Recordings(options.fixtures);
    this.server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, (request, response) => {
      void this.handle(request, response);
    });
  }

  /** Listens; returns the base address without a trailing slash. */
  async start(): Promise<string> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, resolve);
    });
    return `http://${host}:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.route(request, response);
    } catch (error) {
      if (error instanceof ClientGone || response.destroyed) return;
      if (response.headersSent) response.destroy();
      else send(response, error instanceof RangeError ? 413 : 500, { error: { message: String(error) } });
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    if (path === '/livez') return send(response, 200, { status: 'ok' });
    if (path.startsWith('/_control/') && this.options.control) return this.control.handle(request, response);
    const provider = /^\/replay\/([a-z0-9-]+)\//.exec(path)?.[1];
    if (provider !== undefined) return this.replay(provider, request, response);
    if (JOB_ROUTE.test(path) && request.method === 'POST') return this.job(path, request, response);
    if (MEDIA_ROUTE.test(path) && request.method === 'POST') return this.media(path, request, response);
    const format = ROUTES.find(([pattern]) => pattern.test(path))?.[1];
    if (!format || request.method !== 'POST') return send(response, 404, { error: { message: `No route ${path}.` } });
    const entry = this.book.open({ path, headers: Object.keys(request.headers) });
    const wire = new Wire(response, entry);
    const body = await readBody(request);
    const asked = replayAskedFor(body);
    if (asked) return this.sendCase(wire, asked.provider, asked.case);
    await exchange({
      wire,
      request,
      format,
      body,
      cache: this.cache,
      tokensPerSecond: this.options.tokensPerSecond,
      anyModel: this.options.anyModel ?? false,
      ordered: (model) => this.control.takeFault(path, model),
      replyId: `${this.run}-${entry.id}`,
    });
  }

  private async job(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = this.book.open({ path, headers: Object.keys(request.headers) });
    await answerJob({
      wire: new Wire(response, entry),
      path,
      body: parsed(await readBody(request)),
      ordered: (model) => this.control.takeFault(path, model),
      replyId: `${this.run}-${entry.id}`,
    });
  }

  private async media(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = this.book.open({ path, headers: Object.keys(request.headers) });
    await answerMedia({
      wire: new Wire(response, entry),
      path,
      contentType: request.headers['content-type'] ?? '',
      body: await readBody(request),
      ordered: (model) => this.control.takeFault(path, model),
    });
  }

  private async replay(provider: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    const entry = this.book.open({ path, headers: Object.keys(request.headers) });
    const wire = new Wire(response, entry);
    const kind = kindOf(parsed(await readBody(request)), path);
    Object.assign(entry, { format: 'replay', model: kind.model, stream: kind.stream });
    const name = this.control.takeReplay(provider);
    const recorded = await (name === undefined
      ? this.recordings?.fitting(provider, kind)
      : this.recordings?.find(provider, name));
    await this.sendFound(wire, provider, name ?? '', recorded);
  }

  /** The recording that a prompt has named. */
  private async sendCase(wire: Wire, provider: string, name: string): Promise<void> {
    Object.assign(wire.entry, { format: 'replay' });
    await this.sendFound(wire, provider, name, await this.recordings?.find(provider, name));
  }

  private async sendFound(wire: Wire, provider: string, name: string, found: RecordedCase | undefined): Promise<void> {
    if (!this.recordings || !found)
      return send(wire.response, 404, { error: { message: `No recording ${name} of ${provider}.` } });
    await sendRecording(wire, found, await this.recordings.bytesOf(provider, found, wire.entry.path));
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return null;
  }
}

export function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
