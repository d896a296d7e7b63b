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

/** A job read and understood, with what a worker needs of it. */
export interface PlannedJob {
  readonly request: JobRequest;
  readonly upstream: UpstreamRequest;
  /** Reads the text of a 200 answer; a broken one is a failure and never throws. */
  read(text: string): ReadJob | UpstreamFailure;
}

export interface ReadJob {
  readonly usage: Usage | null;
  readonly upstreamId: string | null;
  /** The members of the client's body that the job itself gives: all but id, provider and bill. */
  readonly body: Readonly<Record<string, unknown>>;
}
