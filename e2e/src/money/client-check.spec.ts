import { clientFaults } from './client-check.js';
import { expectedText, type Ask, type Seen } from './clients.js';

const ask: Ask = {
  label: 'c-1',
  models: ['sandbox/echo'],
  stream: true,
  tokens: 5,
  tokensPerSecond: 0,
  maxTokens: 100,
  behaviour: { kind: 'stay' },
  edge: 1,
  key: 'key',
};
const whole: Seen = {
  ask,
  generationId: 'gen-1',
  how: 'whole',
  status: 200,
  code: null,
  text: expectedText(ask),
  finish: 'stop',
  model: 'sandbox/echo',
  costNanos: 1n,
  beats: 0,
  startedAtMs: 100,
  spokeAtMs: 150,
  endedAtMs: 200,
};

describe('what clients may see', () => {
  it('is the whole text, a typed error after a beginning of it, or an error in its place', () => {
    expect(whole.text).toBe('w1 w2 w3 w4 w5');
    const error: Seen = { ...whole, how: 'error event', code: 'worker_lost', text: 'w1 w2' };
    const refused: Seen = { ...whole, how: 'http error', status: 503, code: 'service_unavailable', text: '' };
    expect(clientFaults([whole, error, refused, { ...whole, how: 'left', text: 'w1' }])).toEqual([]);
  });

  it.each([
    ['a hole', { text: 'w1 w3 w4 w5' }],
    ['a repeat', { text: 'w1 w1 w2 w3 w4 w5' }],
    ['a silent end', { text: 'w1 w2 w3' }],
    ['a hole before an error', { how: 'error event' as const, code: 'worker_lost', text: 'w1 w3' }],
    ['a cut', { how: 'cut' as const, text: 'w1' }],
    ['blame', { how: 'http error' as const, status: 400, code: 'invalid_model', text: '' }],
    ['an error without a name', { how: 'http error' as const, text: '' }],
  ])('is never %s', (_, change) => {
    expect(clientFaults([{ ...whole, ...change }])).toHaveLength(1);
  });

  it('is blame only where the request has earned it', () => {
    const refused: Seen = { ...whole, how: 'http error', status: 400, code: 'context_length_exceeded', text: '' };
    expect(clientFaults([refused])).toHaveLength(1);
    expect(clientFaults([{ ...refused, ask: { ...ask, rightStatuses: [400] } }])).toEqual([]);
    expect(clientFaults([{ ...refused, ask: { ...ask, rightStatuses: [403] } }])).toHaveLength(1);
  });

  it('is a cut only where its own edge was killed meanwhile', () => {
    const cut: Seen = { ...whole, how: 'cut', text: 'w1' };
    const killed = { edge: 1, kind: 'killed', fromMs: 150, untilMs: 300 } as const;
    expect(clientFaults([cut], [killed])).toEqual([]);
    expect(clientFaults([cut], [{ ...killed, edge: 0 }])).toHaveLength(1);
    expect(clientFaults([cut], [{ ...killed, fromMs: 250 }])).toHaveLength(1);
  });

  it('is no cut where its edge was told to stop, unless it came too late', () => {
    const cut: Seen = { ...whole, how: 'cut', text: '', startedAtMs: 1_000, endedAtMs: 3_000 };
    const stopping = { edge: 1, kind: 'stopping', fromMs: 2_000, untilMs: 4_000 } as const;
    expect(clientFaults([cut], [stopping])).toHaveLength(1);
    expect(clientFaults([{ ...cut, startedAtMs: 2_001 }], [stopping])).toEqual([]);
  });
});
