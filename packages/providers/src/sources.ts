/**
 * The public list of providers at which closing the connection of a stream stops the bill, and at which it does not. A provider
 * that it does not name is taken to go on: without a promise the whole answer is billed.
 */
export const CANCELLATION_SOURCE = {
  url: 'https://openrouter.ai/docs/api-reference/streaming#stream-cancellation',
  date: '2026-11-22',
} as const;
