import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { CatalogueEndpoint, JobId, ProtocolId } from '@switchyard/contracts';
import { JOB_FOLDERS, recordingsDirectory } from '../testing/recordings.js';
import { protocolOf } from '../registry.js';
import { endpointOf } from '../testing/builders.js';
import { planWhole } from './plan-job.js';

const root = recordingsDirectory();

interface Recording {
  readonly name: string;
  readonly job: JobId;
  readonly protocol: ProtocolId;
  readonly request: Record<string, unknown> | null;
  readonly text: string;
}

const read = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

function recordings(folder: string, protocol: ProtocolId): Recording[] {
  const directory = path.join(root ?? '', 'upstream', folder);
  return readdirSync(directory)
    .filter((file) => /^(?:embeddings|rerank)-.*\.response\.json$/.test(file))
    .map((file) => {
      const request = path.join(directory, file.replace('.response.', '.request.'));
      return {
        name: `${folder}/${file}`,
        job: file.startsWith('rerank') ? 'rerank' : 'embeddings',
        protocol,
        request: existsSync(request) ? read(request) : null,
        text: readFileSync(path.join(directory, file), 'utf8'),
      };
    });
}

interface Answer {
  readonly data?: { readonly embedding: unknown }[];
  readonly embeddings?: { readonly float: unknown[] } | { readonly values: unknown }[];
}

function vectorsIn({ data, embeddings = [] }: Answer): unknown[] {
  if (data) return data.map(({ embedding }) => embedding);
  return 'float' in embeddings ? embeddings.float : embeddings.map(({ values }) => values);
}

/** What a client of ours would have asked for to get this answer: the recorded request in our words, or as many texts as vectors. */
function askedFor({ job, request, text }: Recording): Record<string, unknown> {
  const answer = JSON.parse(text) as Answer;
  if (job === 'rerank') {
    const { query, documents, top_n: topN, top_k: topK } = request ?? {};
    return { model: 'm', query, documents, top_n: topN ?? topK };
  }
  const given = request?.['input'] ?? request?.['texts'];
  const vectors = vectorsIn(answer);
  return {
    model: 'm',
    input: given ?? vectors.map(() => 'text'),
    dimensions: request?.['dimensions'],
    encoding_format: request?.['encoding_format'],
  };
}

/** The usage, read from the recording by hand of the documentation. */
function billedTokens(text: string): number | undefined {
  const { usage, meta, usageMetadata } = JSON.parse(text) as Record<string, Record<string, never>>;
  return (
    usage?.['prompt_tokens'] ??
    usage?.['total_tokens'] ??
    meta?.['billed_units']?.['input_tokens'] ??
    usageMetadata?.['promptTokenCount']
  );
}

const endpoint: CatalogueEndpoint = endpointOf({ upstreamModel: 'some-model' });
const describeRecorded = root === null ? describe.skip : describe;

describeRecorded('recorded jobs (needs the recordings: SWITCHYARD_FIXTURES)', () => {
  const all =
    root === null ? [] : Object.entries(JOB_FOLDERS).flatMap(([folder, protocol]) => recordings(folder, protocol));

  it('are all there', () => {
    expect(all.filter(({ job }) => job === 'embeddings').length).toBeGreaterThanOrEqual(10);
    expect(all.filter(({ job }) => job === 'rerank').length).toBeGreaterThanOrEqual(3);
  });

  it.each(all.filter(({ job }) => job === 'embeddings').map((one) => [one.name, one] as const))(
    '%s gives every vector, and what it cost in tokens',
    (_, recording) => {
      const planned = planWhole('embeddings', { json: askedFor(recording), files: [] }, recording.protocol, {
        endpoint,
      });
      const answer = planned.read(recording.text);
      if ('code' in answer) throw new Error(answer.code);
      const data = answer.body['data'] as { embedding: unknown; index: number }[];
      expect(data.map(({ index }) => index)).toEqual(data.map((_one, index) => index));
      expect(answer.usage?.inputTokens).toBe(billedTokens(recording.text));
      const first = data[0]?.embedding;
      const [raw] = vectorsIn(JSON.parse(recording.text) as Answer);
      expect(typeof first).toBe(recording.request?.['encoding_format'] === 'base64' ? 'string' : 'object');
      if (typeof raw === typeof first) expect(first).toEqual(raw);
    },
  );

  it.each(all.filter(({ job }) => job === 'rerank').map((one) => [one.name, one] as const))(
    '%s gives the documents by their score, and what it cost',
    (_, recording) => {
      const planned = planWhole('rerank', { json: askedFor(recording), files: [] }, recording.protocol, { endpoint });
      const answer = planned.read(recording.text);
      if ('code' in answer) throw new Error(answer.code);
      const results = answer.body['results'] as {
        index: number;
        relevance_score: number;
        document: { text: string };
      }[];
      const scores = results.map(({ relevance_score: score }) => score);
      expect(scores).toEqual(scores.toSorted((left, right) => right - left));
      const documents = recording.request?.['documents'] as string[];
      for (const { index, document } of results) expect(document.text).toBe(documents[index]);
      expect(results).toHaveLength(
        Number(recording.request?.['top_n'] ?? recording.request?.['top_k'] ?? documents.length),
      );
      expect(answer.usage).toMatchObject(
        recording.name.startsWith('voyage') ? { inputTokens: 57, requests: 1 } : { inputTokens: 0, requests: 1 },
      );
    },
  );

  it.each(['openai-embeddings', 'voyage-embeddings', 'cohere-rerank-embed'])(
    'errors of %s are no answers and are told',
    (folder) => {
      const directory = path.join(root ?? '', 'upstream', folder);
      const errors = readdirSync(directory).filter((file) => /^error-.*\.response\.json$/.test(file));
      expect(errors.length).toBeGreaterThan(0);
      for (const file of errors) {
        const text = readFileSync(path.join(directory, file), 'utf8');
        const status = Number(/^error-(\d+)/.exec(file)?.[1]);
        const protocol = JOB_FOLDERS[folder] ?? 'openai-chat';
        const failure = protocolOf(protocol).parseError(status, {}, text);
        expect([folder, file, failure.code]).toEqual([folder, file, expect.stringMatching(/upstream_/)]);
        expect(
          planWhole('embeddings', { json: { model: 'm', input: 'x' }, files: [] }, protocol, { endpoint }).read(text),
        ).toHaveProperty('code');
      }
    },
  );
});
