import { ExplainController } from './explain.controller.js';
import { Explain } from './explain.service.js';
import { Limits } from './limits.service.js';

export const EXPLAIN_CONTROLLERS = [ExplainController];
export const EXPLAIN_PROVIDERS = [Explain, Limits];
