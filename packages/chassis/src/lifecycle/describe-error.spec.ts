import { describeError } from './describe-error.js';

describe('describeError', () => {
  it('puts an error and its causes into one line', () => {
    const error = new Error('cannot\n  start', { cause: new Error('no broker', { cause: new Error('ECONNREFUSED') }) });
    expect(describeError(error)).toBe('cannot start: no broker: ECONNREFUSED');
  });

  it('does not say the same twice', () => {
    const cause = new Error('ECONNREFUSED');
    expect(describeError(new Error('cannot connect: ECONNREFUSED', { cause }))).toBe('cannot connect: ECONNREFUSED');
  });

  it('names what an error without a message consists of', () => {
    const refused = new AggregateError([new Error('refused by ::1'), new Error('refused by 127.0.0.1')]);
    expect(describeError(refused)).toBe('refused by ::1, refused by 127.0.0.1');
  });

  it('takes whatever was thrown, also in a circle', () => {
    const circle = new Error('round');
    circle.cause = circle;
    expect(describeError(circle)).toBe('round');
    expect(describeError('text')).toBe('text');
    expect(describeError(undefined)).toBe('undefined');
  });
});
