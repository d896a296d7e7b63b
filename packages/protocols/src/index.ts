export { maskSecrets } from './failures/secrets.js';
export { cutRaw, failureOf, MAX_RAW_BYTES } from './failures/failure.js';
export { MAX_RETRY_AFTER_MS } from './failures/retry-after.js';
export { packJobBody, parseJob, planJob, servesJob, unpackJobBody } from './jobs/index.js';
export type { JobBody, JobFile, JobPlan, JobRequest, JobSize } from './jobs/index.js';
export { createLane } from './lanes/create-lane.js';
export { LISTED_PARAMETERS, supports } from './parameters.js';
export { dialectOf, protocolOf } from './registry.js';
export { hashedUser } from './privacy.js';
export { readsSealed, sealedReasoning } from './sealed-reasoning.js';
export { renderUpstream } from './render-upstream.js';
export { parsePreferences } from './dialects/common/parse-preferences.js';
export { asRouted, isRewritten } from './routed-request.js';
export { requestFacts } from './request-facts.js';
export { canCarry, describeMedia, mediaIn } from './readable-media.js';
export type { MediaPiece } from './readable-media.js';
export type { RequestFacts } from './request-facts.js';
export type {
  Billing,
  Dialect,
  Lane,
  LaneOptions,
  LaneSummary,
  Protocol,
  RenderContext,
  RenderTarget,
  StreamReader,
  UpstreamFile,
  UpstreamRequest,
} from './types.js';
