import { z } from 'zod';

/**
 * What can be asked of a model beside completions. The name is that of the output modality which an endpoint of the job has in the
 * catalogue, and `dialect` of its generation record.
 */
export const JOB_IDS = ['embeddings', 'rerank'] as const;
export const JobId = z.enum(JOB_IDS);
export type JobId = z.output<typeof JobId>;

const JOBS: ReadonlySet<string> = new Set(JOB_IDS);

/** `api_type` of a generation, as OpenRouter names it, by the `dialect` of its record. */
export const apiTypeOf = (dialect: string): JobId | 'completions' =>
  JOBS.has(dialect) ? (dialect as JobId) : 'completions';
