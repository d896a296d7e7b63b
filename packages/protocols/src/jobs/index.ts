export { packJobBody, unpackJobBody, type JobBody, type JobFile } from './job-body.js';
export { parseJob, planJob, servesJob, type JobPlan } from './plan-job.js';
export type { JobRequest, JobSize } from './types.js';
