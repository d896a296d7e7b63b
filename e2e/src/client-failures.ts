export const say = (content: string) => [{ role: 'user' as const, content }];

export interface Failure {
  readonly status: number;
  readonly code: string;
  /** In the words of the wire. */
  readonly request: {
    model?: string;
    max_tokens?: number;
    messages?: ReturnType<typeof say>;
    provider?: { only: string[] };
  };
  readonly key?: string;
}

/** More than the gateway takes in one request, by the limit of its documentation. */
const TOO_LARGE = 'x'.repeat(33 * 1024 * 1024);

/** What goes wrong, and the status and the word (`error.metadata.code`) that every client must see. */
export const FAILURES: readonly Failure[] = [
  { status: 400, code: 'invalid_model', request: { model: 'no/such-model' } },
  { status: 401, code: 'invalid_key', request: {}, key: 'sk-sy-v1-made-up' },
  { status: 402, code: 'insufficient_credits', request: { model: 'openai/o1-pro', max_tokens: 100_000 } },
  { status: 403, code: 'wrong_key_kind', request: {}, key: 'management' },
  { status: 404, code: 'no_endpoints', request: { provider: { only: ['nobody'] } } },
  { status: 413, code: 'payload_too_large', request: { messages: say(TOO_LARGE) } },
  { status: 429, code: 'upstream_rate_limited', request: { messages: say('[[fault: status=429 retry_after=60]]') } },
  { status: 502, code: 'upstream_error', request: { messages: say('[[fault: status=500]]') } },
];
