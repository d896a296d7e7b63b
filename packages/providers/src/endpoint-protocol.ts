import type { CatalogueEndpoint, ProtocolId } from '@switchyard/contracts';
import { providers } from './index.js';

/** The format that an endpoint speaks: its own, else that of its provider; null where nobody knows the provider. */
export const endpointProtocol = ({
  protocol,
  provider,
}: Pick<CatalogueEndpoint, 'protocol' | 'provider'>): ProtocolId | null =>
  protocol ?? providers.get(provider)?.protocol ?? null;
