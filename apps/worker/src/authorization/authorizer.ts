import { settingsOf } from '@switchyard/providers';
import type { WorkerConfig } from '../config.js';
import { createAwsAuthorizer } from './aws.js';
import { createGoogleAuthorizer } from './google.js';
import type { Authorizer } from './types.js';

type Configured = Pick<WorkerConfig, 'provider' | 'apiKey' | 'settings'>;

/** With a key it goes into its header; without one the request is signed, by a provider that takes signatures. */
export function createAuthorizer({ provider, apiKey, settings }: Configured): Authorizer {
  const { signing } = provider;
  if (apiKey !== null) return () => Promise.resolve(provider.authorize(apiKey));
  switch (signing?.scheme) {
    case 'aws-sigv4':
      return createAwsAuthorizer(signing.service, settings);
    case 'google-oauth':
      return createGoogleAuthorizer(settings);
    default:
      return () => Promise.resolve({});
  }
}

/** Everything that must not leave the process. */
export function secretsOf({ provider, apiKey, settings }: Configured): readonly string[] {
  const secret = Object.entries(settingsOf(provider)).flatMap(([name, setting]) =>
    setting.secret && settings[name] ? [settings[name]] : [],
  );
  return [...(apiKey === null ? [] : [apiKey]), ...secret];
}
