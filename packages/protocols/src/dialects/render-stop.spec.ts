import { DIALECT_IDS, GatewayError } from '@switchyard/contracts';
import { dialectOf } from '../registry.js';

const context = { generationId: 'gen-1', created: 1, model: 'acme/large', providerName: 'Acme' };
const reason = new GatewayError('insufficient_credits', { message: 'Too little credit.' });

const stopOf = (dialect: (typeof DIALECT_IDS)[number]): unknown => {
  const text = Buffer.from(dialectOf(dialect).renderStop?.(reason, context) ?? []).toString();
  return text === '' ? null : JSON.parse(text.replace(/^data: /, ''));
};

describe('an answer that the gateway ends for want of credit', () => {
  it('ends in every dialect whose last event does not repeat how the answer ended', () => {
    expect(DIALECT_IDS.filter((dialect) => stopOf(dialect) !== null).sort()).toEqual([
      'gemini',
      'openai-chat',
      'openai-completions',
    ]);
  });

  it('met a limit, and says why where clients keep the answer that they have', () => {
    expect(stopOf('openai-completions')).toMatchObject({
      id: 'gen-1',
      choices: [{ index: 0, finish_reason: 'length', error: { code: 402 } }],
    });
    expect(stopOf('gemini')).toMatchObject({
      responseId: 'gen-1',
      candidates: [{ index: 0, finishReason: 'MAX_TOKENS', finishMessage: 'Too little credit.' }],
    });
  });
});
