import { JobAdmission } from './job-admission.service.js';
import { JobsController } from './jobs.controller.js';
import { JobsEntrance } from './jobs-entrance.service.js';
import { JobsService } from './jobs.service.js';

export const JOBS_CONTROLLERS = [JobsController];
export const JOBS_PROVIDERS = [JobAdmission, JobsEntrance, JobsService];
