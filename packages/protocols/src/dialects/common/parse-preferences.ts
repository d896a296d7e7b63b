import type { ProviderPreferences } from '@switchyard/contracts';
import { parseBody } from './fault.js';
import { provider, providerPreferences } from './provider-preferences.js';

/**
 * Reads a `provider` object that stands alone, in the settings of an account.
 * @throws GatewayError `invalid_request`; its message and `metadata.path` name the place of the fault, within the object
 */
export const parsePreferences = (value: unknown): ProviderPreferences =>
  providerPreferences(parseBody(provider, value).request);
