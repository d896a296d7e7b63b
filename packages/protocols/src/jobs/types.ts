import type { JobId, ProviderPreferences, UpstreamFailure, Usage } from '@switchyard/contracts';
import type { RenderTarget, UpstreamRequest } from '../types.js';

/** How large a job is, for the bound of its cost and for routing. */
export interface JobSize {
  /** UTF-8 bytes of all text that is billed, an upper bound for its tokens; tokens that came as numbers count as one each. */
  readonly promptBytes: number;
  /** Texts that are read apart from each other: each has its own marks around it. */
  readonly texts: number;
  /** The largest of them: what has to fit into the context of a model. */
  readonly largestBytes: number;
  /** Most units that are billed by the piece (search units of a rerank). */
  readonly requests: number;
  /** Images that go in. */
  readonly images?: number;
  /** Most of what is billed by the piece. */
  readonly pieces?: { readonly characters?: number; readonly seconds?: number; readonly outputImages?: number };
  /** Most output tokens; null: as many as the endpoint gives for each answer. Absent: none. */
  readonly outputTokens?: number | null;
}

/** A job as its client asked for it. */
export interface JobRequest {
  readonly job: JobId;
  readonly models: readonly string[];
  readonly provider: ProviderPreferences;
  readonly user?: string;
  readonly sessionId?: string;
  /** OpenRouter names of parameters that were set: what `require_parameters` asks for. */
  readonly parameters: readonly string[];
  /** The same, but without them the job cannot be done: what an endpoint must support. Absent: none. */
  readonly needs?: readonly string[];
  /** What goes in; text alone when absent. */
  readonly inputModalities?: readonly string[];
  /** The answer travels on while it is made, as the bytes that it is. */
  readonly streamed?: boolean;
  readonly size: JobSize;
}

/** What a provider answered, as far as all formats have it. */
export interface JobAnswer<Content> {
  readonly content: Content;
  readonly usage: Usage | null;
  readonly upstreamId: string | null;
}

/** The wire format of a job at one kind of provider: pure functions. */
export interface JobFormat<Request extends JobRequest, Content> {
  /** @throws GatewayError `invalid_request` for what the format has no words for */
  renderRequest(request: Request, target: RenderTarget): UpstreamRequest;
  /** The content of a 200 answer, or null when it does not answer the request. Never throws. */
  parseResponse(body: unknown, request: Request): JobAnswer<Content> | null;
}

/** How an answer is written where it is not the JSON of its members. */
export interface AnswerForm {
  readonly contentType: string;
  write(members: Readonly<Record<string, unknown>>): string;
}

/** A job read and understood, with what a worker needs of it. */
export interface PlannedJob {
  readonly request: JobRequest;
  readonly upstream: UpstreamRequest;
  /** What it uses as far as that follows from the request, for an answer that tells nothing or was never seen; null: count its text. */
  readonly estimate?: Usage | null;
  readonly form?: AnswerForm;
  /** Reads the text of a 200 answer; a broken one is a failure and never throws. */
  read(text: string): ReadJob | UpstreamFailure;
}

export interface ReadJob {
  readonly usage: Usage | null;
  readonly upstreamId: string | null;
  /** The members of the client's body that the job itself gives: all but id, provider and bill. */
  readonly body: Readonly<Record<string, unknown>>;
}
