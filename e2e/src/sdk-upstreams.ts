import { environmentOf, modelOf, putModels, UPSTREAMS } from './matrix-upstreams.js';
import type { Behaviour } from './matrix-upstreams.js';
import { startTestStack, type TestStack } from './test-stack.js';

/** Three formats of providers that have nothing in common; what a client does with each it does with all. */
export const FORMATS = ['openai-responses', 'anthropic-messages', 'gemini'] as const;
export type FormatName = (typeof FORMATS)[number];

export const idOf = (name: FormatName, behaviour: Behaviour): string => modelOf({ name }, behaviour);

/** A stack that serves models of all behaviours in each of {@link FORMATS}. */
export async function startSdkStack(): Promise<TestStack> {
  const stack = await startTestStack({
    // These clients do not try again, so a machine that is busy with others must not make them fail.
    environment: { MAX_LOOP_LAG_MS: '60000' },
    providersOf: (url) => {
      const { OPENAI_BASE_URL, ANTHROPIC_BASE_URL, GOOGLE_BASE_URL } = environmentOf(url);
      return {
        OPENAI_BASE_URL: OPENAI_BASE_URL!,
        ANTHROPIC_BASE_URL: ANTHROPIC_BASE_URL!,
        GOOGLE_BASE_URL: GOOGLE_BASE_URL!,
      };
    },
  });
  const wanted: readonly string[] = FORMATS;
  await putModels(
    stack,
    UPSTREAMS.filter(({ name }) => wanted.includes(name)),
  );
  return stack;
}

export const PROMPT = 'Hello from an SDK!';
export const ECHO = `Hello from the Switchyard sandbox! You said: ${PROMPT}`;
