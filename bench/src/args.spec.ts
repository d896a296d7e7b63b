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
    [['--held-seconds', '0']],
    [['--held-seconds', '1.5']],
    [['--held-seconds', '801']],
    [['--unknown']],
    [['more']],
  ])('are refused when they are wrong: %j', (args) => {
    expect(() => readArguments(args)).toThrow(/./);
  });

  it('hold streams for ten minutes when everything is wanted, unless they say for how long', () => {
    const held = (...args: string[]) => readArguments(args).heldSeconds;
    expect([held(), held('--everything'), held('--everything', '--held-seconds', '30')]).toEqual([60, 600, 30]);
  });

  it('name other gateways by their address', () => {
    const peer = externalPeer('litellm=http://127.0.0.1:4000/v1/chat/completions', 'sk-1');
    expect(peer).toMatchObject({
      name: 'litellm',
      urls: ['http://127.0.0.1:4000/v1/chat/completions'],
      headers: { authorization: 'Bearer sk-1' },
    });
    for (const wrong of ['litellm', '=http://127.0.0.1', 'litellm=nowhere'])
      expect(() => externalPeer(wrong, undefined)).toThrow('name=url');
  });
});
