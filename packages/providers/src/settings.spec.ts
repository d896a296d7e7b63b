import { fillBaseUrl, isConfigured, mustSign, providers, settingsOf, variablesOf } from './index.js';
import type { Provider } from './index.js';

const provider = (id: string): Provider => providers.get(id)!;
const aws = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' };

describe('what a provider needs to be called', () => {
  it.each([
    ['openai', {}, false],
    ['openai', { OPENAI_API_KEY: 'k' }, true],
    ['openai', { OPENAI_API_KEY_FILE: '/run/secrets/openai' }, true],
    ['openai', { OPENAI_BASE_URL: 'https://proxy.example' }, false],
    ['local', {}, false],
    ['local', { LOCAL_BASE_URL: 'http://127.0.0.1:8000/v1' }, true],
    ['amazon-bedrock', {}, false],
    ['amazon-bedrock', { AWS_REGION: 'eu-central-1' }, false],
    ['amazon-bedrock', { AWS_BEARER_TOKEN_BEDROCK: 'k' }, true],
    ['amazon-bedrock', aws, true],
    ['amazon-bedrock', { ...aws, AWS_SECRET_ACCESS_KEY: undefined, AWS_SECRET_ACCESS_KEY_FILE: '/run/aws' }, true],
    ['amazon-bedrock', { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE' }, false],
  ] as const)('%s with %j: %s', (id, environment, expected) => {
    expect(isConfigured(provider(id), environment)).toBe(expected);
  });

  it('signs only where there is no key', () => {
    expect(mustSign(provider('amazon-bedrock'), aws)).toBe(true);
    expect(mustSign(provider('amazon-bedrock'), { ...aws, AWS_BEARER_TOKEN_BEDROCK: 'k' })).toBe(false);
    expect(mustSign(provider('openai'), {})).toBe(false);
  });

  it('names every variable, so that a worker gets its own and no other', () => {
    expect(variablesOf(provider('openai'))).toEqual(['OPENAI_BASE_URL', 'OPENAI_API_KEY']);
    expect(variablesOf(provider('amazon-bedrock'))).toEqual([
      'AMAZON_BEDROCK_BASE_URL',
      'AWS_BEARER_TOKEN_BEDROCK',
      'AWS_REGION',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
    ]);
  });

  it('keeps secret what proves who asks', () => {
    for (const each of providers.values())
      for (const [name, setting] of Object.entries(settingsOf(each)))
        if (/key|secret|token|credential/i.test(name)) expect({ name, ...setting }).toMatchObject({ secret: true });
  });
});

describe('addresses with settings in them', () => {
  it('are filled in', () => {
    expect(fillBaseUrl('https://a.{region}.example/{project}', { region: 'eu-1', project: 'p' })).toBe(
      'https://a.eu-1.example/p',
    );
  });

  it.each(['evil.example/', 'a.b', 'x@y', '', 'a b', '-a', 'ü', 'a\n'])('are refused with %j in them', (region) => {
    expect(() => fillBaseUrl('https://a.{region}.example', { region })).toThrow('region cannot be part of an address');
  });

  it('are refused where a setting is missing', () => {
    expect(() => fillBaseUrl('https://a.{region}.example', {})).toThrow('region');
  });
});
