import type { Provider } from './provider.js';
import { anthropic } from './providers/anthropic.js';
import { azure } from './providers/azure.js';
import { cerebras } from './providers/cerebras.js';
import { deepseek } from './providers/deepseek.js';
import { fireworks } from './providers/fireworks.js';
import { google } from './providers/google.js';
import { groq } from './providers/groq.js';
import { local } from './providers/local.js';
import { mistral } from './providers/mistral.js';
import { openai } from './providers/openai.js';
import { openrouter } from './providers/openrouter.js';
import { sandbox } from './providers/sandbox.js';
import { together } from './providers/together.js';
import { xai } from './providers/xai.js';

export { basePathOf, completeBaseUrl, joinUrl } from './base-url.js';
export type { Provider, Quirks } from './provider.js';
export { applyQuirks } from './quirks.js';
export { ADDRESS_VALUE, fillBaseUrl, isConfigured, isGiven, mustSign, settingsOf, variablesOf } from './settings.js';
export type { Setting, Settings, Signing } from './settings.js';

/** Every provider by its id. */
export const providers: ReadonlyMap<string, Provider> = new Map(
  [
    openai,
    azure,
    anthropic,
    google,
    groq,
    mistral,
    deepseek,
    xai,
    together,
    fireworks,
    cerebras,
    openrouter,
    local,
    sandbox,
  ].map((provider) => [provider.id, provider]),
);
