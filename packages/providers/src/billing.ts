import { providers } from './index.js';

/**
 * Whether a provider stops the bill of a stream when its connection closes; an unknown one does not. A name of its own, because it
 * is all that those need to know of providers who do not call them.
 */
export const stopsBillingOnAbort = (providerId: string): boolean =>
  providers.get(providerId)?.stopsBillingOnAbort ?? false;
