import type { ErrorCode } from '@switchyard/contracts';

const CONTEXT_LENGTH =
  /context[_ ]?(?:length|window)|prompt is too long|too[ _]many[ _](?:(?:input|prompt)[ _])?tokens|maximum (?:context|prompt|input) length|input token count.{0,40}exceeds|reduce the length|string_above_max_length|exceeds? the (?:maximum|model'?s?) (?:number of )?tokens/i;
const CONTENT_POLICY =
  /content[_ ](?:policy|filter|management)|data_inspection_failed|responsible_?ai|moderation|safety system|flagged|prohibited_content|sensitive content/i;
const CREDENTIALS =
  /invalid[_ ](?:x-)?api[-_ ]?key|incorrect api key|api_?key_?invalid|api key not (?:valid|found)|api key expired|authentication|unauthori[sz]ed|invalid x-api-key/i;
const UNKNOWN_MODEL =
  /model_not_found|model.{0,80}(?:does not exist|not found|was deprecated|has been deprecated)|not_found_error/i;
const OVERLOADED = /overloaded|capacity|queue_exceeded|too busy|high traffic|high demand|unavailable/i;
const RATE_LIMIT = /rate[_ -]?limit|too many requests|resource[_ ](?:has been )?exhausted|quota|throttl/i;
const TIMEOUT = /timed?[_ -]?out|deadline[_ ]exceeded/i;
const INVALID =
  /invalid_request|invalid_argument|invalid argument|bad_request|failed_precondition|out_of_range|tool_use_failed|validation/i;

export interface ErrorFacts {
  /** HTTP status, or one that the body names. */
  readonly status: number;
  /** The provider's words: type, code and message together. */
  readonly words: string;
}

/** The code of our closed list for a provider's error. Statuses decide; words decide where a status means several things. */
export function classifyError({ status, words }: ErrorFacts): ErrorCode {
  if (status >= 200 && status < 300) return fromWords(words);
  if (status === 400 || status === 422) {
    if (CONTEXT_LENGTH.test(words)) return 'context_length_exceeded';
    if (CONTENT_POLICY.test(words)) return 'content_policy_violation';
    // Gemini and xAI refuse a wrong key with 400.
    if (CREDENTIALS.test(words)) return 'upstream_auth';
    return UNKNOWN_MODEL.test(words) ? 'upstream_not_found' : 'upstream_rejected';
  }
  // 402 is the gateway's own account at the provider that is empty: nothing that the caller could pay.
  if (status === 401 || status === 402) return 'upstream_auth';
  if (status === 403) return CONTENT_POLICY.test(words) ? 'content_policy_violation' : 'upstream_auth';
  if (status === 404) return 'upstream_not_found';
  if (status === 408 || status === 504 || status === 524) return 'upstream_timeout';
  if (status === 413) return CONTEXT_LENGTH.test(words) ? 'context_length_exceeded' : 'payload_too_large';
  if (status === 429)
    return OVERLOADED.test(words) && !RATE_LIMIT.test(words) ? 'upstream_overloaded' : 'upstream_rate_limited';
  // 498 is Groq's "flex tier capacity exceeded", 529 Anthropic's "overloaded".
  if (status === 498 || status === 503 || status === 529) return 'upstream_overloaded';
  if (status >= 500) return OVERLOADED.test(words) ? 'upstream_overloaded' : 'upstream_error';
  return status >= 400 ? 'upstream_rejected' : 'upstream_error';
}

/** An error inside a 200 answer has only words. */
function fromWords(words: string): ErrorCode {
  if (CONTEXT_LENGTH.test(words)) return 'context_length_exceeded';
  if (RATE_LIMIT.test(words)) return 'upstream_rate_limited';
  if (OVERLOADED.test(words)) return 'upstream_overloaded';
  if (CREDENTIALS.test(words) || /permission/i.test(words)) return 'upstream_auth';
  if (CONTENT_POLICY.test(words)) return 'content_policy_violation';
  if (TIMEOUT.test(words)) return 'upstream_timeout';
  if (UNKNOWN_MODEL.test(words)) return 'upstream_not_found';
  return INVALID.test(words) ? 'upstream_rejected' : 'upstream_error';
}
