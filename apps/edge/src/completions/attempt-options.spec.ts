import { readConfig } from '@switchyard/chassis';
import { edgeConfig } from '../config.js';
import type { EdgeConfig } from '../config.js';
import { PEPPER } from '../testing/small-auth.js';
import { attemptOptionsOf } from './attempt-options.js';

const configOf = (variables: Record<string, string> = {}): EdgeConfig => {
  const environment = { NATS_URL: 'nats://127.0.0.1:4222', KEY_PEPPER: PEPPER, TICKET_SECRET: PEPPER, ...variables };
  return readConfig(edgeConfig, environment).config as EdgeConfig;
};
const config = configOf();
const LIMITS = 'x-switchyard-limits';

describe('what a client says about attempts', () => {
  it('changes nothing when it says nothing', () => {
    expect(attemptOptionsOf({}, config)).toEqual({
      budget: { maxAttempts: config.MAX_ATTEMPTS, windowMs: config.ATTEMPT_WINDOW_MS },
      timeouts: {},
      hedge: { when: 'never' },
      continues: false,
    });
  });

  it('reads limits in any order', () => {
    const value = 'attempts=2, first-token=1500,idle=900 , connect=50,total=9000,window=700';
    expect(attemptOptionsOf({ [LIMITS]: value }, config)).toMatchObject({
      budget: { maxAttempts: 2, windowMs: 700 },
      timeouts: { connectMs: 50, firstByteMs: 1500, idleMs: 900, totalMs: 9000 },
    });
  });

  it('never goes beyond what the operator allows', () => {
    const value = 'attempts=99,window=999999999,connect=999999,first-token=999999999,idle=999999999,total=999999999';
    const { UPSTREAM_CONNECT_MS: connectMs, UPSTREAM_TOTAL_MS: totalMs } = config;
    expect(attemptOptionsOf({ [LIMITS]: value }, config)).toMatchObject({
      budget: { maxAttempts: config.MAX_ATTEMPTS, windowMs: config.ATTEMPT_WINDOW_MS },
      timeouts: { connectMs, firstByteMs: totalMs, idleMs: totalMs, totalMs },
    });
  });

  it.each([
    '',
    'attempts',
    'attempts=0',
    'attempts=-1',
    'attempts=1.5',
    'tries=3',
    'attempts=3;idle=4',
    'x'.repeat(300),
  ])('refuses the limits %j', (value) => {
    expect(() => attemptOptionsOf({ [LIMITS]: value }, config)).toThrow(LIMITS);
  });

  it.each([
    ['on', { when: 'slow' }],
    ['off', { when: 'never' }],
    ['1200', { when: 'after', ms: 1200 }],
  ])('reads the hedge %s', (value, hedge) => {
    expect(attemptOptionsOf({ 'x-switchyard-hedge': value }, config).hedge).toEqual(hedge);
    expect(attemptOptionsOf({}, configOf({ DEFAULT_HEDGE: value })).hedge).toEqual(hedge);
  });

  it.each(['', 'yes', '49', '-1', '1e3', '9999999'])('refuses the hedge %j', (value) => {
    expect(() => attemptOptionsOf({ 'x-switchyard-hedge': value }, config)).toThrow('x-switchyard-hedge');
  });

  it('reads whether to continue, and prefers what the request says', () => {
    const on = configOf({ DEFAULT_CONTINUE: 'on', DEFAULT_HEDGE: 'on' });
    expect(attemptOptionsOf({}, on)).toMatchObject({ continues: true, hedge: { when: 'slow' } });
    const off = { 'x-switchyard-continue': 'off', 'x-switchyard-hedge': 'off' };
    expect(attemptOptionsOf(off, on)).toMatchObject({ continues: false, hedge: { when: 'never' } });
    expect(() => attemptOptionsOf({ 'x-switchyard-continue': 'maybe' }, config)).toThrow('x-switchyard-continue');
  });
});
