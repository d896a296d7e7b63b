import { readArguments } from './args.js';
import { externalPeer } from './targets/plain.js';

describe('the arguments of the benchmark', () => {
  it('have defaults', () => {
    expect(readArguments([])).toMatchObject({ rounds: 5, scale: 1, only: [], peers: [], output: null, profile: null });
  });

  it.each([
    [['--rounds', '0']],
    [['--rounds', 'x']],
    [['--scale', '0']],
    [['--scale', 'x']],
    [['--unknown']],
    [['more']],
  ])('are refused when they are wrong: %j', (args) => {
    expect(() => readArguments(args)).toThrow(/./);
  });

  it('name other gateways by their address', () => {
    const peer = externalPeer('litellm=http://127.0.0.1:4000/v1/chat/completions', 'sk-1');
    expect(peer).toMatchObject({
      name: 'litellm',
      url: 'http://127.0.0.1:4000/v1/chat/completions',
      headers: { authorization: 'Bearer sk-1' },
    });
    for (const wrong of ['litellm', '=http://127.0.0.1', 'litellm=nowhere'])
      expect(() => externalPeer(wrong, undefined)).toThrow('name=url');
  });
});
