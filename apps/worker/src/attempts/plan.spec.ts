import { usageOf } from '@switchyard/contracts';
import { providers } from '@switchyard/providers';
import { attemptCall, wireOf } from '../testing/call.js';
import { planAttempt, readCall } from './plan.js';

const config = (id: string) => ({
  provider: providers.get(id)!,
  baseUrl: 'http://127.0.0.1:9/v1',
  keys: [],
  settings: {},
  capacity: 1,
  upstreamConnections: 1,
  drainMs: 0,
  httpHost: '127.0.0.1',
  httpPort: 0,
  natsUrl: '',
  logLevel: 'log' as const,
});

const conversation = {
  model: 'x',
  messages: [
    { role: 'user', content: 'What is the weather?' },
    {
      role: 'assistant',
      content: null,
      reasoning: 'I should look it up.',
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
  ],
};

function assistantTurn(provider: string): Record<string, unknown> {
  const call = attemptCall({});
  const meta = wireOf({ ...call, endpoint: { ...call.endpoint, provider } });
  const { upstream } = planAttempt(readCall(meta), Buffer.from(JSON.stringify(conversation)), config(provider));
  return (JSON.parse(upstream.body as string) as { messages: Record<string, unknown>[] }).messages[1]!;
}

describe('reasoning of earlier turns', () => {
  it('goes back to a provider that reads it, in the field where it reads it', () => {
    expect(assistantTurn('deepseek')).toMatchObject({ reasoning_content: 'I should look it up.' });
  });

  it('is left out for a provider that does not', () => {
    expect(Object.keys(assistantTurn('mistral'))).toEqual(
      expect.not.arrayContaining(['reasoning', 'reasoning_content', 'reasoning_details']),
    );
  });
});

describe('parameters that the endpoint does not take', () => {
  const plan = (strict: boolean) => {
    const call = attemptCall({ strict });
    const endpoint = { ...call.endpoint, supportedParameters: ['max_tokens'] };
    const body = { model: 'x', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5, seed: 1, top_k: 2 };
    return planAttempt(readCall(wireOf({ ...call, endpoint })), Buffer.from(JSON.stringify(body)), config('sandbox'));
  };

  it('are left out, and known by name', () => {
    const { dropped, upstream } = plan(false);
    expect([...(dropped ?? [])].sort()).toEqual(['seed', 'top_k']);
    expect(Object.keys(JSON.parse(upstream.body as string) as object)).toEqual(
      expect.not.arrayContaining(['seed', 'top_k']),
    );
  });

  it('are an error that names them, where the client would rather have one', () => {
    expect(() => plan(true)).toThrow(expect.objectContaining({ code: 'unsupported_parameter' }));
    expect(() => plan(true)).toThrow(/seed|top_k/);
  });
});

describe('what the end of an answer tells of its routing', () => {
  const routing = {
    requested: 'x',
    strategy: 'direct',
    region: null,
    summary: 'available=1, selected=Sandbox',
    attempt: 1,
    is_byok: false,
    endpoints: { total: 1, available: [], excluded_by: [] },
    attempts: [],
    dropped_params: [],
    stripped_reasoning: 0,
  } as const;

  function told(fields: Parameters<typeof attemptCall>[0]): unknown {
    const call = attemptCall(fields);
    const endpoint = { ...call.endpoint, supportedParameters: ['max_tokens'] };
    const body = { model: 'x', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5, seed: 1 };
    const meta = wireOf({ ...call, endpoint });
    const { lane } = planAttempt(readCall(meta), Buffer.from(JSON.stringify(body)), config('sandbox'));
    lane.response(JSON.stringify({ choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }] }));
    const usage = usageOf({ source: 'none' });
    const bytes = lane.renderResponse({ usage, costNanos: 0n, promptCostNanos: 0n, completionCostNanos: 0n });
    return (JSON.parse(Buffer.from(bytes).toString()) as { openrouter_metadata?: unknown }).openrouter_metadata;
  }

  it('is what the edge knows, the parameters that were left out, and whose key it was', () => {
    const asked = {
      routing: {
        ...routing,
        attempts: [],
        dropped_params: [],
        endpoints: { total: 1, available: [], excluded_by: [] },
      },
    };
    expect(told(asked)).toEqual({ ...routing, dropped_params: ['seed'] });
    expect(told({ ...asked, ownKey: { feePpm: 0 } })).toMatchObject({ is_byok: true });
  });

  it('is nothing for clients that did not ask', () => {
    expect(told({})).toBeUndefined();
  });
});
