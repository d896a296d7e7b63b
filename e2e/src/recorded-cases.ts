import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fixturesDirectory } from '@switchyard/testing';

export interface RecordedCase {
  readonly case: string;
  readonly tags: readonly string[];
  readonly stream: boolean;
  readonly status: number;
  readonly framing: string;
}

/** Recorded exchanges of one provider with a tag, complete and successful; none without the recordings. */
export function casesOf(provider: string, tag: string, stream: boolean): RecordedCase[] {
  const folder = fixturesDirectory();
  if (!folder) return [];
  const { cases } = JSON.parse(readFileSync(path.join(folder, 'upstream', provider, 'index.json'), 'utf8')) as {
    cases: RecordedCase[];
  };
  return cases.filter(
    (recorded) =>
      recorded.status === 200 &&
      recorded.stream === stream &&
      recorded.framing === 'verbatim' &&
      recorded.tags.includes(tag) &&
      !recorded.tags.some((other) => /error|cut|no-terminal|refusal|server-tool|derived/.test(other)),
  );
}
