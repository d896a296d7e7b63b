import OpenAI from 'openai';

/** OpenAI's client sends the header once it is named; it keeps one key over all its tries. */
export class NamingOpenAI extends OpenAI {
  protected override idempotencyHeader = 'Idempotency-Key';
}
