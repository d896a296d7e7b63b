import type { Provider } from './provider.js';

/** A value that a provider's address or signature needs besides an API key. */
export interface Setting {
  /** The environment variable that holds it. */
  readonly variable: string;
  /** What it is where the variable is not set. */
  readonly fallback?: string;
  readonly optional?: true;
  /** Never logged, and masked wherever the provider repeats it. */
  readonly secret?: true;
}

/** Settings by the name that base URLs (`{region}`) and signatures know them by. */
export type Settings = Readonly<Record<string, Setting>>;

/**
 * How requests are proven where a key in a header does not do. The worker has the code for each scheme; here are its particulars and
 * where its credentials come from. A provider that takes API keys as well uses the key when there is one.
 */
export type Signing =
  /** AWS Signature Version 4. Settings: `region`, `accessKeyId`, `secretAccessKey` and, for temporary ones, `sessionToken`. */
  | { readonly scheme: 'aws-sigv4'; readonly service: string; readonly settings: Settings }
  /** A token of Google's, fetched for a service account and renewed in time. Setting: `credentials`, the JSON of its key. */
  | { readonly scheme: 'google-oauth'; readonly settings: Settings };

/** Everything that can be set for a provider besides its base URL and its key. */
export const settingsOf = (provider: Pick<Provider, 'settings' | 'signing'>): Settings => ({
  ...provider.settings,
  ...provider.signing?.settings,
});

/** The names of all variables that a provider reads; each can be given as `<name>_FILE`, too. */
export const variablesOf = (provider: Provider): readonly string[] => [
  provider.baseUrlVariable,
  provider.apiKeyVariable,
  ...Object.values(settingsOf(provider)).map(({ variable }) => variable),
];

type Environment = Readonly<Record<string, string | undefined>>;

export const isGiven = (environment: Environment, variable: string): boolean =>
  Boolean(environment[variable] || environment[`${variable}_FILE`]);

const areGiven = (environment: Environment, settings: Settings): boolean =>
  Object.values(settings).every(
    ({ variable, fallback, optional }) => fallback !== undefined || optional || isGiven(environment, variable),
  );

/** Whether there is a key for it, or several. */
const hasKey = ({ apiKeyVariable, apiKeysVariable }: Provider, environment: Environment): boolean =>
  isGiven(environment, apiKeyVariable) || isGiven(environment, apiKeysVariable);

/** Whether requests of this provider have to be signed: it can sign, and there is no API key. */
export const mustSign = (provider: Provider, environment: Environment): boolean =>
  provider.signing !== undefined && !hasKey(provider, environment);

/** Whether the environment says enough to call a provider; one without keys is called where its address is given. */
export function isConfigured(provider: Provider, environment: Environment): boolean {
  const hasAddress = isGiven(environment, provider.baseUrlVariable) || areGiven(environment, provider.settings ?? {});
  if (!hasAddress) return false;
  if (hasKey(provider, environment)) return true;
  if (provider.signing) return areGiven(environment, provider.signing.settings);
  return !provider.keyRequired && isGiven(environment, provider.baseUrlVariable);
}

/** What may stand in an address: no dots, slashes or anything else that would lead it somewhere else. */
export const ADDRESS_VALUE = /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/;

/**
 * The base URL with its `{names}` filled in.
 * @throws Error naming a setting that is missing or cannot be part of an address
 */
export const fillBaseUrl = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replaceAll(/\{(\w+)\}/g, (_match, name: string) => {
    const value = values[name];
    if (value === undefined || !ADDRESS_VALUE.test(value)) throw new Error(`${name} cannot be part of an address`);
    return value;
  });
