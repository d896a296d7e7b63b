/**
 * Every error that can leave the gateway. `status` is the HTTP status of the public API, `type` the word that OpenRouter's
 * documentation uses for it (`error.metadata.error_type`); the key itself is our stable code (`error.metadata.code`).
 * `retryable` says whether another endpoint, or the same one later, could answer the same request.
 */
export const ERRORS = {
  invalid_json: {
    status: 400,
    type: 'invalid_request',
    retryable: false,
    message: 'The request body is not valid JSON.',
  },
  invalid_request: { status: 400, type: 'invalid_request', retryable: false, message: 'The request is not valid.' },
  invalid_model: {
    status: 400,
    type: 'invalid_request',
    retryable: false,
    message: 'The model is not a valid model ID.',
  },
  unsupported_parameter: {
    status: 400,
    type: 'invalid_request',
    retryable: false,
    message: 'A parameter is not supported.',
  },
  storage_not_configured: {
    status: 400,
    type: 'invalid_request',
    retryable: false,
    message: 'Nothing can be kept here: the operator of this installation has not set VAULT_SECRET.',
  },
  previous_response_not_found: {
    status: 400,
    type: 'invalid_request',
    retryable: false,
    message: 'The previous response does not exist.',
  },
  context_length_exceeded: {
    status: 400,
    type: 'context_length_exceeded',
    retryable: false,
    message: 'The request is longer than the context of the model.',
  },
  content_policy_violation: {
    status: 403,
    type: 'content_policy_violation',
    retryable: false,
    message: 'The provider refused the content of the request.',
  },
  missing_credentials: {
    status: 401,
    type: 'authentication',
    retryable: false,
    message: 'No auth credentials found. Send an API key as "Authorization: Bearer sk-sy-v1-…".',
  },
  invalid_key: { status: 401, type: 'authentication', retryable: false, message: 'The API key is not valid.' },
  unknown_key: { status: 401, type: 'authentication', retryable: false, message: 'The API key does not exist.' },
  disabled_key: { status: 401, type: 'authentication', retryable: false, message: 'The API key is disabled.' },
  expired_key: { status: 401, type: 'authentication', retryable: false, message: 'The API key has expired.' },
  revoked_key: { status: 401, type: 'authentication', retryable: false, message: 'The API key was revoked.' },
  insufficient_credits: {
    status: 402,
    type: 'payment_required',
    retryable: false,
    message: 'The account has too little credit for this request.',
  },
  in_flight_budget_exhausted: {
    status: 402,
    type: 'payment_required',
    retryable: true,
    message: 'The credit of the account is set aside for requests that run. Try again shortly.',
  },
  wrong_key_kind: {
    status: 403,
    type: 'permission_denied',
    retryable: false,
    message: 'This kind of key may not do that.',
  },
  permission_denied: { status: 403, type: 'permission_denied', retryable: false, message: 'The key may not do that.' },
  key_limit_exceeded: { status: 403, type: 'permission_denied', retryable: false, message: 'Key limit exceeded.' },
  budget_exceeded: { status: 403, type: 'permission_denied', retryable: false, message: 'A budget is exceeded.' },
  not_found: { status: 404, type: 'not_found', retryable: false, message: 'There is nothing at this address.' },
  no_endpoints: { status: 404, type: 'not_found', retryable: false, message: 'No endpoints found for the request.' },
  method_not_allowed: {
    status: 405,
    type: 'invalid_request',
    retryable: false,
    message: 'This method is not allowed here.',
  },
  request_timeout: { status: 408, type: 'timeout', retryable: true, message: 'The request did not arrive in time.' },
  conflict: {
    status: 409,
    type: 'invalid_request',
    retryable: false,
    message: 'The request conflicts with an earlier one.',
  },
  idempotency_key_in_use: {
    status: 409,
    type: 'invalid_request',
    retryable: false,
    message: 'A request with this Idempotency-Key is running.',
  },
  idempotency_key_done: {
    status: 409,
    type: 'invalid_request',
    retryable: false,
    message: 'A request with this Idempotency-Key was answered. Answers are not kept.',
  },
  payload_too_large: {
    status: 413,
    type: 'payload_too_large',
    retryable: false,
    message: 'The request body is too large.',
  },
  unsupported_media_type: {
    status: 415,
    type: 'invalid_request',
    retryable: false,
    message: 'Send the body as application/json.',
  },
  idempotency_key_mismatch: {
    status: 422,
    type: 'unprocessable',
    retryable: false,
    message: 'This Idempotency-Key came with another request before.',
  },
  unprocessable: { status: 422, type: 'unprocessable', retryable: false, message: 'The request cannot be processed.' },
  rate_limited: { status: 429, type: 'rate_limit_exceeded', retryable: true, message: 'Too many requests.' },
  free_model_limit: {
    status: 429,
    type: 'rate_limit_exceeded',
    retryable: true,
    message: 'The limit of requests of free models is reached.',
  },
  client_closed_request: {
    status: 499,
    type: 'client_closed_request',
    retryable: false,
    message: 'The client closed the connection.',
  },
  slow_client: {
    status: 499,
    type: 'client_closed_request',
    retryable: false,
    message: 'The client did not read for too long.',
  },
  internal: { status: 500, type: 'server', retryable: false, message: 'Internal server error.' },
  receipts_off: {
    status: 501,
    type: 'server',
    retryable: false,
    message: 'Receipts are not signed here: the operator switches them on with RECEIPT_KEY (docs/receipts.md).',
  },
  upstream_error: { status: 502, type: 'provider_unavailable', retryable: true, message: 'Provider returned error' },
  upstream_rejected: { status: 400, type: 'invalid_request', retryable: false, message: 'Provider returned error' },
  upstream_auth: {
    status: 502,
    type: 'provider_unavailable',
    retryable: true,
    message: 'The provider refused the gateway’s credentials.',
  },
  upstream_not_found: {
    status: 502,
    type: 'provider_unavailable',
    retryable: true,
    message: 'The provider does not know the model.',
  },
  upstream_unreachable: {
    status: 502,
    type: 'provider_unavailable',
    retryable: true,
    message: 'The provider could not be reached.',
  },
  upstream_disconnected: {
    status: 502,
    type: 'provider_unavailable',
    retryable: true,
    message: 'Provider disconnected',
  },
  upstream_invalid_response: {
    status: 502,
    type: 'provider_unavailable',
    retryable: true,
    message: 'The provider sent an answer that cannot be understood.',
  },
  upstream_timeout: { status: 524, type: 'timeout', retryable: true, message: 'The provider did not answer in time.' },
  upstream_rate_limited: {
    status: 429,
    type: 'rate_limit_exceeded',
    retryable: true,
    message: 'The provider’s rate limit is reached.',
  },
  upstream_overloaded: {
    status: 529,
    type: 'provider_overloaded',
    retryable: true,
    message: 'The provider is overloaded.',
  },
  worker_unavailable: {
    status: 503,
    type: 'provider_overloaded',
    retryable: true,
    message: 'No worker serves this provider right now.',
  },
  worker_busy: {
    status: 503,
    type: 'provider_overloaded',
    retryable: true,
    message: 'All workers of this provider are busy.',
  },
  worker_lost: {
    status: 502,
    type: 'provider_unavailable',
    retryable: true,
    message: 'The worker of this provider was lost.',
  },
  stream_lost: {
    status: 502,
    type: 'provider_unavailable',
    retryable: true,
    message: 'The stream was lost inside the gateway.',
  },
  service_unavailable: {
    status: 503,
    type: 'provider_overloaded',
    retryable: true,
    message: 'A service of the gateway is not available. Try again shortly.',
  },
  overloaded: {
    status: 503,
    type: 'provider_overloaded',
    retryable: true,
    message: 'The gateway is overloaded. Try again shortly.',
  },
} as const satisfies Record<string, ErrorDefinition>;

export interface ErrorDefinition {
  readonly status: number;
  readonly type: string;
  readonly retryable: boolean;
  readonly message: string;
}
