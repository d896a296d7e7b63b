import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readConfig } from './config.js';

const base = { NATS_URL: 'nats://127.0.0.1:4222' };
const aws = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret-of-aws' };

/** What a process says that cannot start. It is one, because it ends itself. */
function refusalOf(environment: Record<string, string>): string {
  const script = `import { readConfig } from ${JSON.stringify(fileURLToPath(new URL('../dist/config.js', import.meta.url)))}; readConfig();`;
  try {
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      env: { ...base, ...environment },
      stdio: 'pipe',
      timeout: 20_000,
    });
    return '';
  } catch (error) {
    return (error as { stderr: Buffer }).stderr.toString();
  }
}

describe('the configuration of a worker that signs', () => {
  it('needs credentials in place of a key, and fills its address in', () => {
    expect(readConfig({ ...base, ...aws, PROVIDER: 'amazon-bedrock', AWS_REGION: 'eu-west-3' })).toMatchObject({
      baseUrl: 'https://bedrock-runtime.eu-west-3.amazonaws.com',
      keys: [],
      settings: { region: 'eu-west-3', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-of-aws' },
    });
  });

  it('needs no credentials beside a key, and knows a region', () => {
    expect(readConfig({ ...base, PROVIDER: 'amazon-bedrock', AWS_BEARER_TOKEN_BEDROCK: 'key' })).toMatchObject({
      baseUrl: 'https://bedrock-runtime.us-east-1.amazonaws.com',
      keys: [{ name: 'default', key: 'key' }],
      settings: { region: 'us-east-1' },
    });
  });

  it('takes another address as it is', () => {
    const AMAZON_BEDROCK_BASE_URL = 'https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com';
    expect(readConfig({ ...base, ...aws, PROVIDER: 'amazon-bedrock', AMAZON_BEDROCK_BASE_URL }).baseUrl).toBe(
      `${AMAZON_BEDROCK_BASE_URL}/`,
    );
  });

  it('names everything that is missing, and never a secret', () => {
    const refusal = refusalOf({
      PROVIDER: 'amazon-bedrock',
      AWS_REGION: 'evil.example/',
      AWS_SECRET_ACCESS_KEY: 'secret-of-aws',
    });
    expect(refusal).toContain('AWS_ACCESS_KEY_ID: is missing (expected accessKeyId (or AWS_BEARER_TOKEN_BEDROCK))');
    expect(refusal).toContain('AWS_REGION');
    expect(refusal).not.toContain('secret-of-aws');
  });

  it('takes a list of keys instead of one, or behind it', () => {
    const OPENAI_API_KEYS = JSON.stringify([
      'sk-1',
      { key: 'sk-2', name: 'eu', models: ['gpt-*'], regions: ['eu'], fallback: true },
    ]);
    const list = [
      { name: 'key-1', key: 'sk-1', models: null, regions: null, fallback: false },
      { name: 'eu', key: 'sk-2', models: ['gpt-*'], regions: ['eu'], fallback: true },
    ];
    expect(readConfig({ ...base, PROVIDER: 'openai', OPENAI_API_KEYS }).keys).toEqual(list);
    expect(readConfig({ ...base, PROVIDER: 'openai', OPENAI_API_KEY: 'sk-0', OPENAI_API_KEYS }).keys).toEqual([
      { name: 'default', key: 'sk-0', models: null, regions: null, fallback: false },
      ...list,
    ]);
  });

  it.each([
    'no json',
    '[]',
    '{}',
    '["white space"]',
    '[{"key":"sk-secret","extra":1}]',
    '[{"key":"sk-secret","models":[]}]',
  ])('refuses the list of keys %s without quoting it', (OPENAI_API_KEYS) => {
    const refusal = refusalOf({ PROVIDER: 'openai', OPENAI_API_KEYS });
    expect(refusal).toContain('OPENAI_API_KEYS: must be a JSON list of keys');
    expect(refusal).not.toContain('sk-secret');
  });

  it('refuses two keys of one name', () => {
    const OPENAI_API_KEYS = '[{"key":"a","name":"x"},{"key":"b","name":"x"}]';
    expect(refusalOf({ PROVIDER: 'openai', OPENAI_API_KEYS })).toContain('has two keys of one name');
  });

  it('still needs the key of a provider that takes nothing else', () => {
    expect(refusalOf({ PROVIDER: 'openai' })).toContain('OPENAI_API_KEY: is missing');
    expect(refusalOf({ PROVIDER: 'openai', OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://example.org' })).toContain(
      'must be https',
    );
  });
});
