import { RoutingPolicy } from '@switchyard/contracts';

/** A policy as its column holds it; TypeORM's types cannot follow values of any kind. */
export type RoutingColumn = Omit<RoutingPolicy, 'provider'> & { readonly provider: object };

/** What a column holds, as the contract has it now: rows of an older release lack what was added since. */
export const policyOf = (stored: RoutingColumn | null): RoutingPolicy | null => stored && RoutingPolicy.parse(stored);
