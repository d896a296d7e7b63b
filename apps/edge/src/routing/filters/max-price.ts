import type { MaxPrice, Price, PriceOverride } from '@switchyard/contracts';
import { mostPromptTokens, pinnedPrice, type PromptSize } from '@switchyard/pricing';
import type { PreparedEndpoint } from '../../catalogue/prepared-model.js';
import type { RoutingInput } from '../routing.js';
import type { FilterFactory } from './filter.js';

type UnitName = Exclude<keyof PriceOverride, 'minPromptTokens' | 'utcStartMinute' | 'utcEndMinute'>;

const FULL_PPM = 1_000_000n;

/** `provider.max_price`: every limit that is given must hold, in every price that this request could come to pay. */
export const maxPrice: FilterFactory = (input) => {
  const limits = input.request.provider.maxPrice;
  if (!limits || Object.keys(limits).length === 0) return null;
  const size = promptSize(input);
  return {
    reason: 'max_price',
    keeps: ({ endpoint, inputModalities, serviceTier }) =>
      holds(
        limits,
        pinnedPrice(endpoint.price, serviceTier ?? undefined),
        inputModalities,
        mostPromptTokens(size, endpoint),
      ),
  };
};

function holds(
  limits: MaxPrice,
  price: Price,
  inputModalities: PreparedEndpoint['inputModalities'],
  promptTokens: number,
): boolean {
  const tiers = Object.values(price.serviceTiers ?? {});
  const overrides = [price, ...tiers].flatMap((row) => row.overrides ?? []);
  const rows = [...tiers, ...overrides.filter((row) => (row.minPromptTokens ?? 0) <= promptTokens)];
  const dearest = (name: UnitName): bigint => dearestOf(name, price, rows);
  const within = (limit: bigint | undefined, picos: () => bigint): boolean =>
    limit === undefined || picos() * (FULL_PPM - BigInt(price.discountPpm ?? 0)) <= limit * FULL_PPM;
  // Audio without a price of its own costs what text does; an endpoint that hears none has no price of it.
  const audio = (): bigint => {
    if (!inputModalities.has('audio')) return 0n;
    const own = dearest('audioInput');
    return price.audioInput === undefined ? larger(own, dearest('prompt')) : own;
  };
  return (
    within(limits.prompt, () => dearest('prompt')) &&
    within(limits.completion, () => dearest('completion')) &&
    within(limits.request, () => dearest('request')) &&
    within(limits.image, () => larger(dearest('image'), dearest('outputImage'))) &&
    within(limits.audio, audio)
  );
}

/** The largest of the price and what override rows put in its place. Rows of the day count at every hour: attempts may be later. */
const dearestOf = (name: UnitName, price: Price, rows: readonly PriceOverride[]): bigint =>
  rows.reduce((most, row) => larger(most, row[name] ?? 0n), price[name] ?? 0n);

const larger = (one: bigint, other: bigint): bigint => (one > other ? one : other);

/** As far as routing knows it; of media nobody knows before. */
const promptSize = ({ request, facts }: RoutingInput): PromptSize => ({
  promptBytes: facts.promptBytes,
  messages: request.messages.length,
  tools: request.tools?.length ?? 0,
  images: 0,
  structured: request.responseFormat?.type === 'json_schema',
  openEnded: facts.inputModalities.some((modality) => modality !== 'text'),
});
