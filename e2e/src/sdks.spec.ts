import { describeAiSdk } from './ai-sdk-clients.js';
import { describeOfficialSdks } from './official-sdks.js';
import { startSdkStack } from './sdk-upstreams.js';
import { START_TIMEOUT_MS, type TestStack } from './test-stack.js';

describe('with models of three formats of providers', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startSdkStack();
  }, START_TIMEOUT_MS);
  afterAll(() => stack?.stop(), START_TIMEOUT_MS);

  describe('the AI SDK', () => {
    describeAiSdk(() => stack);
  });
  describe('the official client', () => {
    describeOfficialSdks(() => stack);
  });
});
