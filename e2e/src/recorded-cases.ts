import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fixturesDirectory } from '@switchyard/testing';

export interface RecordedCase {
  readonly case: string;
  readonly file: string;
  readonly tags: readonly string[];
  readonly stream: boolean;
  readonly status: number;
  readonly framing: string;
}

/**
 * Recorded exchanges of one provider with one of the tags, complete and successful, the most faithful ones first; none without the
 * recordings.
 */
export function casesOf(provider: string, tags: string | readonly string[], stream: boolean): RecordedCase[] {
  const folder = fixturesDirectory();
  if (!folder) return [];
  const { cases } = JSON.parse(readFileSync(path.join(folder, 'upstream', provider, 'index.json'), 'utf8')) as {
    cases: RecordedCase[];
  };
  const sound = cases.filter(
    (recorded) =>
      recorded.status === 200 &&
      recorded.stream === stream &&
      [tags].flat().some((tag) => recorded.tags.includes(tag)) &&
      !recorded.tags.some((other) => /error|cut|no-terminal|refusal|server-tool|derived/.test(other)),
  );
  return FRAMINGS.flatMap((framing) => sound.filter((recorded) => recorded.framing === framing));
}

/** Bytes as they were sent; the same JSON written anew; the events of a stream without what stood between them. */
const FRAMINGS = ['verbatim', 'reserialised', 'payload-lines'];
