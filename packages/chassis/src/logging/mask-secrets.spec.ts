import { maskSecrets } from './mask-secrets.js';

describe('maskSecrets', () => {
  it.each([
    ['key sk-sy-v1-abcdefghijklmnop used', 'sk-sy-v1-abcdefghijklmnop'],
    ['key sk-ant-api03-abcdefgh_ijk-lmnop', 'api03-abcdefgh_ijk-lmnop'],
    ['Incorrect API key provided: sk-proj1234567890abcdef.', '1234567890abcdef'],
    ['authorization: Bearer abc.def-ghi_jkl', 'abc.def-ghi_jkl'],
    ['connect postgres://app:hunter2@db:5432/x failed', 'hunter2'],
    ['nats://SUABCDEF@host:4222', 'SUABCDEF'],
  ])('masks %s', (line, secret) => {
    expect(maskSecrets(line)).not.toContain(secret);
    expect(maskSecrets(line)).toContain('***');
  });

  it('leaves the rest alone, and JSON stays JSON', () => {
    const line = JSON.stringify({
      message: 'task-force sk-1 https://example.com/a@b "Bearer x"',
      url: 'nats://a:b@c:1',
    });
    expect(JSON.parse(maskSecrets(line))).toEqual({
      message: 'task-force sk-1 https://example.com/a@b "Bearer x"',
      url: 'nats://***@c:1',
    });
  });
});
