import { z } from 'zod';
import { storableOrNull } from '../outside-text.js';
import type { UsageEvent } from './generation.js';
import { Price } from './price.js';

export type UsageEventWire = z.input<typeof UsageEvent>;

/** Prices are few and live long, events are many. */
const wirePrices = new WeakMap<Price, z.input<typeof Price>>();

/**
 * A usage event as it goes over the wire: what `z.encode(UsageEvent, event)` gives for an event that keeps the contract, without checking that it does.
 * For the writer that made it a moment ago; who reads it checks.
 */
export function usageEventWire(event: UsageEvent): UsageEventWire {
  return {
    ...event,
    price: wirePriceOf(event.price),
    costPicos: event.costPicos.toString(),
    costNanos: event.costNanos.toString(),
    boundNanos: event.boundNanos.toString(),
    nativeFinishReason: storableOrNull(event.nativeFinishReason),
    upstreamId: storableOrNull(event.upstreamId),
  };
}

function wirePriceOf(price: Price): z.input<typeof Price> {
  let wire = wirePrices.get(price);
  if (!wire) {
    wire = z.encode(Price, price);
    wirePrices.set(price, wire);
  }
  return wire;
}
