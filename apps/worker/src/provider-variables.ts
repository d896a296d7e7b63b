import { ADDRESS_VALUE, completeBaseUrl, fillBaseUrl, isGiven, mustSign, settingsOf } from '@switchyard/providers';
import type { Provider, Setting, Settings } from '@switchyard/providers';
import { z } from 'zod';
import { HEADER_SECRET, UpstreamKeys } from './authorization/upstream-key.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of a provider, named after it: `OPENAI_BASE_URL`, `OPENAI_API_KEY`, and its settings. */
export function variablesOf(provider: Provider, environment: Environment): Record<string, z.ZodType> {
  const insecure = environment['ALLOW_INSECURE_UPSTREAM'] === '1';
  const baseUrl = z
    .url({ protocol: /^https?$/ })
    .refine((text) => insecure || !sendsKeyInClear(provider, text), {
      message: 'must be https, because the key travels to it (ALLOW_INSECURE_UPSTREAM=1 lifts that)',
    })
    .describe('an http(s) address');
  const apiKey = HEADER_SECRET.max(4096).describe(`the API key of ${provider.name}`);
  const signs = mustSign(provider, environment);
  const hasKeys = isGiven(environment, provider.apiKeysVariable);
  const hasAddress = isGiven(environment, provider.baseUrlVariable);
  return {
    [provider.baseUrlVariable]: provider.baseUrl === null ? baseUrl : baseUrl.optional(),
    [provider.apiKeyVariable]: provider.keyRequired && !signs && !hasKeys ? apiKey : apiKey.optional(),
    [provider.apiKeysVariable]: UpstreamKeys.optional(),
    ...settingVariables(provider.settings, hasAddress, ADDRESS_VALUE),
    // Without a key its own variables are what is missing; with one nothing has to be signed.
    ...settingVariables(provider.signing?.settings, !signs, /[^]/, ` (or ${provider.apiKeyVariable})`),
  };
}

function settingVariables(
  settings: Settings = {},
  optional: boolean,
  pattern: RegExp,
  alternative = '',
): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => {
      const value = z.string().min(1).max(16_384).regex(pattern).describe(`${name}${alternative}`);
      const needed = setting.fallback === undefined && !setting.optional && !optional;
      return [setting.variable, needed ? value : value.optional()];
    }),
  );
}

/** What is set, by the names of the settings. */
export function settingsIn(provider: Provider, values: Readonly<Record<string, unknown>>): Record<string, string> {
  const found = Object.entries(settingsOf(provider)).map(([name, { variable, fallback }]: [string, Setting]) => [
    name,
    (values[variable] as string | undefined) ?? fallback,
  ]);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as Record<string, string>;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

const sendsKeyInClear = ({ keyRequired }: Provider, text: string): boolean => {
  const url = URL.parse(text);
  return keyRequired && url?.protocol === 'http:' && !LOOPBACK.has(url.hostname);
};

/** The provider's own address, unless another is configured. */
export function baseUrlOf(
  { baseUrl }: Provider,
  configured: string | undefined,
  settings: Readonly<Record<string, string>>,
): string {
  const known = (template: string) =>
    template.replaceAll(/\{(\w+)\}/g, (_match, name) => settings[String(name)] ?? 'unset');
  // A configured address may leave out the path, and needs only the settings that are part of that.
  if (configured !== undefined)
    return completeBaseUrl({ baseUrl: baseUrl === null ? null : known(baseUrl) }, configured);
  return fillBaseUrl(baseUrl ?? '', settings);
}
