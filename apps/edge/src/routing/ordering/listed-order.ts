import { place } from './place.js';
import type { Contender, Placed } from './place.js';

/**
 * The order of `provider.order` (spec 3.3): listed endpoints in the order of the list, whatever their outages, then the
 * remaining ones as `orderRest` puts them. Ejected ones go to the very end, listed before unlisted.
 * @param order slugs in lower case
 */
export function listedOrder(
  contenders: readonly Contender[],
  order: Iterable<string>,
  orderRest: (rest: readonly Contender[]) => Placed[],
): Placed[] {
  const rest = new Set(contenders);
  const listed: Contender[] = [];
  for (const slug of order) {
    for (const contender of rest) {
      if (!contender.prepared.names.has(slug)) continue;
      listed.push(contender);
      rest.delete(contender);
    }
  }
  const isEjected = ({ condition }: Contender): boolean => condition.state === 'ejected';
  const unlisted = orderRest([...rest]);
  return [
    ...listed.filter((contender) => !isEjected(contender)).map(place('order')),
    ...unlisted.filter(({ reason }) => reason !== 'ejected'),
    ...listed.filter(isEjected).map(place('ejected')),
    ...unlisted.filter(({ reason }) => reason === 'ejected'),
  ];
}
