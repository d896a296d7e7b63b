export { JobLane } from './job-lane.js';
export { parseJob, planJob } from './plan-job.js';
export type { JobRequest, JobSize, PlannedJob } from './types.js';
