import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatOf } from './fixtures.js';
import { JOB_FOLDERS, reasonAgainst, recordings, recordingsDirectory } from './recordings.js';
import type { Recording } from './recordings.js';

/** A file of the recorded traffic of providers: the spec that asserts what it says, or the reason why none does. */
export interface RecordedFile {
  /** Below the folder of all recordings. */
  readonly name: string;
  readonly spec?: string;
  readonly reason?: string;
}

interface Case {
  readonly case: string;
  readonly status: number;
  readonly file: string;
  readonly request_file?: string;
  readonly decoded_file?: string;
}
type Claim = Omit<RecordedFile, 'name'>;

const ANSWERS = 'recorded-traffic.spec.ts';
const JOBS = 'jobs/recorded-jobs.spec.ts';
const HERE = 'recorded-files.spec.ts';
const REQUESTS: Readonly<Record<string, string>> = {
  'openai-chat': 'dialects/recorded-requests.spec.ts',
  gemini: 'dialects/recorded-requests.spec.ts',
  'openai-responses': 'dialects/openai-responses/recorded-requests.spec.ts',
  'anthropic-messages': 'dialects/anthropic-messages/recorded-requests.spec.ts',
};

/** Folders that are no chats and none of our jobs. */
const NOT_OURS: Readonly<Record<string, string>> = {
  'bedrock-rerank': 'rankings of Bedrock have an API of their own, which is not spoken here',
  'openai-completions-legacy': 'the older completions of a provider: chats are asked for, whatever the client speaks',
  'openai-misc': 'moderations and lists of models',
};

/** Every file in the folders of recorded providers, but their indexes. */
export function recordedFiles(): readonly RecordedFile[] {
  const directory = recordingsDirectory();
  if (directory === null) return [];
  const root = join(directory, 'upstream');
  const claims = new Map(foldersOf(root).flatMap((folder) => claimsOf(root, folder)));
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('/') && !name.endsWith('/index.json'))
    .map((name) => ({ name, ...claims.get(name) }));
}

const foldersOf = (root: string): string[] => readdirSync(root);
const known = new Map(recordings().map((one) => [`${one.provider}/${one.case}`, one]));

function claimsOf(root: string, folder: string): [string, Claim][] {
  const { cases } = JSON.parse(readFileSync(join(root, folder, 'index.json'), 'utf8')) as { cases: Case[] };
  return cases.flatMap((one): [string, Claim][] => {
    const recording = known.get(`${folder}/${one.case}`);
    const claim = answerClaim(folder, one);
    return [
      [`${folder}/${one.file}`, claim],
      ...(one.decoded_file ? [[`${folder}/${one.decoded_file}`, { spec: HERE }] as [string, Claim]] : []),
      ...(one.request_file
        ? [[`${folder}/${one.request_file}`, requestClaim(recording, claim, one.status)] as [string, Claim]]
        : []),
    ];
  });
}

function answerClaim(folder: string, { case: name, status }: Case): Claim {
  if (NOT_OURS[folder]) return { reason: NOT_OURS[folder] };
  if (JOB_FOLDERS[folder] && /^(?:embeddings|rerank)-/.test(name)) return { spec: JOBS };
  if (JOB_FOLDERS[folder] && !known.has(`${folder}/${name}`) && status >= 400) return { spec: JOBS };
  const reason = reasonAgainst({ provider: folder, case: name });
  if (reason !== undefined) return { reason };
  return known.has(`${folder}/${name}`) ? { spec: ANSWERS } : {};
}

/** Requests stand and fall with their answers, as far as a client here could send them. */
function requestClaim(recording: Recording | undefined, answer: Claim, status: number): Claim {
  const isRefusedJob = answer.spec === JOBS && status >= 400;
  if (answer.spec !== ANSWERS || !recording) return isRefusedJob ? { reason: REFUSED } : answer;
  const format = formatOf(recording.protocol);
  const spec = REQUESTS[format] ?? REQUESTS[recording.protocol];
  if (!spec) return { reason: `what ${format} is asked has no client here; its request.spec.ts renders it` };
  const all = format === 'openai-responses' || format === 'anthropic-messages';
  if (!all && status !== 200) return { reason: REFUSED };
  const stored = format === 'openai-responses' && !hasInput(recording);
  return stored ? { reason: 'a prompt that its provider has stored' } : { spec };
}
const REFUSED = 'what a provider refused; its answer is asserted';

const hasInput = ({ requestFile }: Recording): boolean =>
  (JSON.parse(readFileSync(requestFile!, 'utf8')) as { input?: unknown }).input !== undefined;
