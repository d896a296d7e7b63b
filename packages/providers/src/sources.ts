/**
 * The public list of providers at which closing the connection of a stream stops the bill, and at which it does not.
 * Supported: OpenAI, Azure, Anthropic, Fireworks, Together, xAI, DeepSeek; not: Groq, Google AI Studio, Mistral.
 */
export const CANCELLATION_SOURCE = {
  url: 'https://openrouter.ai/docs/api-reference/streaming#stream-cancellation',
  date: '2026-11-22',
} as const;
