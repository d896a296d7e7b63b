import { settingsOf } from '@switchyard/providers';
import type { WorkerConfig } from '../config.js';
import { createAwsAuthorizer } from './aws.js';
import { createGoogleAuthorizer } from './google.js';
import type { Authorizer } from './types.js';

type Configured = Pick<WorkerConfig, 'provider' | 'keys' | 'settings'>;

/** What proves who asks where no key does: the request is signed, by a provider that takes signatures. */
export function createAuthorizer({ provider, settings }: Configured): Authorizer {
  const { signing } = provider;
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
export function secretsOf({ provider, keys, settings }: Configured): readonly string[] {
  const secret = Object.entries(settingsOf(provider)).flatMap(([name, setting]) =>
    setting.secret && settings[name] ? [settings[name]] : [],
  );
  return [...keys.map(({ key }) => key), ...secret];
}
