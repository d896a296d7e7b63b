import { AdmissionTickets, MAX_TRANSFER_NANOS, UsageEvent, usageEventWire } from '@switchyard/contracts';
import { costOf } from '@switchyard/pricing';
import type { z } from 'zod';

export interface ValidUsage {
  readonly kind: 'valid';
  readonly event: UsageEvent;
  /** Of the usage at its pinned price, computed here. */
  readonly costPicos: bigint;
  /** The validated event as JSON: nothing that the contract does not name. */
  readonly payload: string;
}

export interface UnusableUsage {
  readonly kind: 'unusable';
  /** Names what is wrong, never the value that is. */
  readonly reason: string;
  readonly event: UsageEvent | null;
  readonly payload: string | null;
}

const MAX_REASON_LENGTH = 300;

/**
 * Reads one message of the usage stream: checks its form, that an edge vouches for it, and that its cost follows from its usage
 * and its price.
 */
export function readUsage(data: Uint8Array, tickets: AdmissionTickets): ValidUsage | UnusableUsage {
  const parsed = UsageEvent.safeParse(jsonOf(data));
  if (!parsed.success)
    return { kind: 'unusable', reason: `schema: ${faults(parsed.error)}`, event: null, payload: null };
  const event = parsed.data;
  const payload = JSON.stringify(usageEventWire(event));
  const unusable = (reason: string): UnusableUsage => ({ kind: 'unusable', reason, event, payload });
  if (event.ticket === null) return unusable('ticket: missing');
  if (!tickets.isGenuine(event.ticket, event)) return unusable('ticket: not for what the event says');
  const { picos: costPicos, nanos } = costOf(event.usage, event.price, event.admittedAtMs);
  if (nanos > MAX_TRANSFER_NANOS) return unusable('cost: more than one transfer carries');
  if (event.boundNanos > MAX_TRANSFER_NANOS) return unusable('bound: more than one transfer carries');
  if (!claimHolds(event, costPicos, nanos)) return unusable('cost: does not follow from usage and price');
  return { kind: 'valid', event, costPicos, payload };
}

/** An edge's estimate of what a lost worker used: the real usage may still come, so it waits. */
export const isProvisional = ({ outcome, witness }: UsageEvent): boolean =>
  outcome === 'estimate' && witness === 'edge';

/** Outcomes that charge nothing may also claim that they cost nothing. */
function claimHolds(event: UsageEvent, costPicos: bigint, costNanos: bigint): boolean {
  if (event.costPicos === costPicos && event.costNanos === costNanos) return true;
  const free = event.outcome === 'insured' || event.outcome === 'void';
  return free && event.costPicos === 0n && event.costNanos === 0n;
}

function jsonOf(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch {
    return undefined;
  }
}

/** Paths and codes of the issues; messages of zod may quote the input. */
function faults(error: z.ZodError): string {
  return error.issues
    .map((issue) => `${issue.path.map(String).join('.') || '(body)'} ${issue.code}`)
    .join(', ')
    .slice(0, MAX_REASON_LENGTH);
}
