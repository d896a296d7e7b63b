import { recordOf, recordsOf, textOf } from '../../json.js';
import type { JsonRecord } from '../../json.js';

/** Log probabilities of chat in the older form: lists side by side, with the place of each token in the text. */
export class LogprobsMaker {
  private offset = 0;

  of(logprobs: unknown): JsonRecord {
    const tokens = recordsOf(recordOf(logprobs)['content']);
    const offsets = tokens.map((token) => {
      const at = this.offset;
      this.offset += (textOf(token['token']) ?? '').length;
      return at;
    });
    return {
      tokens: tokens.map((token) => textOf(token['token']) ?? ''),
      token_logprobs: tokens.map((token) => token['logprob'] ?? null),
      top_logprobs: tokens.map((token) =>
        Object.fromEntries(
          recordsOf(token['top_logprobs']).map((top) => [textOf(top['token']) ?? '', top['logprob'] ?? null]),
        ),
      ),
      text_offset: offsets,
    };
  }
}

/** Two stretches of one text, put together. */
export const joinLogprobs = (a: JsonRecord | null, b: JsonRecord): JsonRecord =>
  a === null
    ? b
    : Object.fromEntries(
        Object.entries(b).map(([key, value]) => [key, [...(a[key] as unknown[]), ...(value as unknown[])]]),
      );
