import { addUp, type Cost, type Costs } from './cost.js';

/** A kind of load: every request of it is alike. */
export interface Mix {
  readonly name: string;
  /** Events of its stream; 0 for a whole answer. */
  readonly chunks: number;
  readonly chunksPerSecond: number;
  /** From the call of the provider to the first token, or to the whole answer. */
  readonly firstTokenS: number;
  readonly bodyBytes: number;
  readonly answerBytes: number;
}

/** An event of a stream in OpenAI's format with one token in it. */
const EVENT_BYTES = 200;
const MEGABYTE = 1_000_000;

export const WHOLE: Mix = {
  name: 'whole answers',
  chunks: 0,
  chunksPerSecond: 0,
  firstTokenS: 2,
  bodyBytes: 1_000,
  answerBytes: 2_000,
};
export const STREAMS: Mix = {
  name: 'streams of 500 tokens',
  chunks: 500,
  chunksPerSecond: 50,
  firstTokenS: 0.5,
  bodyBytes: 1_000,
  answerBytes: 500 * EVENT_BYTES,
};
export const BODIES: Mix = {
  name: 'bodies of 1 MB',
  chunks: 0,
  chunksPerSecond: 0,
  firstTokenS: 5,
  bodyBytes: MEGABYTE,
  answerBytes: 2_000,
};
export const MIXES: readonly Mix[] = [WHOLE, STREAMS, BODIES];

/** How long a request of the mix runs. */
export const secondsOf = ({ firstTokenS, chunks, chunksPerSecond }: Mix): number =>
  firstTokenS + (chunks > 0 ? chunks / chunksPerSecond : 0);

/** What one request of the mix costs. */
export const demandOf = ({ chunks, bodyBytes }: Mix, { request, chunk, megabyte }: Costs): Cost =>
  addUp([
    [request, 1],
    [chunk, chunks],
    // A short body is in the price of a request.
    [megabyte, bodyBytes < MEGABYTE / 10 ? 0 : bodyBytes / MEGABYTE],
  ]);
