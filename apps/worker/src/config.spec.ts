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
      apiKey: null,
      settings: { region: 'eu-west-3', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-of-aws' },
    });
  });

  it('needs no credentials beside a key, and knows a region', () => {
    expect(readConfig({ ...base, PROVIDER: 'amazon-bedrock', AWS_BEARER_TOKEN_BEDROCK: 'key' })).toMatchObject({
      baseUrl: 'https://bedrock-runtime.us-east-1.amazonaws.com',
      apiKey: 'key',
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

  it('still needs the key of a provider that takes nothing else', () => {
    expect(refusalOf({ PROVIDER: 'openai' })).toContain('OPENAI_API_KEY: is missing');
    expect(refusalOf({ PROVIDER: 'openai', OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://example.org' })).toContain(
      'must be https',
    );
  });
});
