import { z } from 'zod';

/**
 * What can be asked of a model beside completions. The name is that of the output modality which an endpoint of the job has in the
 * catalogue, and `dialect` of its generation record.
 */
export const JOB_IDS = ['embeddings', 'rerank', 'image', 'speech', 'transcription'] as const;
export const JobId = z.enum(JOB_IDS);
export type JobId = z.output<typeof JobId>;

interface JobNames {
  /** `api_type` of a generation, as OpenRouter names it (spec 4.6). */
  readonly apiType: string;
  /**
   * `gen_ai.operation.name`: a word of OpenTelemetry's list where one fits (`generate_content` is for media), else the job's own.
   * https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/
   */
  readonly operation: string;
}

const JOB_NAMES: Readonly<Record<JobId, JobNames>> = {
  embeddings: { apiType: 'embeddings', operation: 'embeddings' },
  rerank: { apiType: 'rerank', operation: 'rerank' },
  image: { apiType: 'image', operation: 'generate_content' },
  speech: { apiType: 'tts', operation: 'generate_content' },
  transcription: { apiType: 'stt', operation: 'generate_content' },
};

const isJob = (name: string): name is JobId => Object.hasOwn(JOB_NAMES, name);

/** `api_type` of a generation by the `dialect` of its record. */
export const apiTypeOf = (dialect: string): string => (isJob(dialect) ? JOB_NAMES[dialect].apiType : 'completions');

/** `gen_ai.operation.name` of a job, or of the `dialect` of a record; whatever is no job is a completion. */
export const operationOf = (name: string | undefined): string =>
  name !== undefined && isJob(name) ? JOB_NAMES[name].operation : 'chat';
