import { serviceConfig } from '@switchyard/chassis';
import { KeyPepper, TicketSecret } from '@switchyard/contracts';
import { signingKeyOf } from '@switchyard/receipts';
import { z } from 'zod';
import { HOLD_MODES } from './completions/hold-mode.js';

const milliseconds = (fallback: number) => z.coerce.number().int().positive().default(fallback);
const count = (fallback: number) => z.coerce.number().int().positive().default(fallback);

function isSigningKey(seed: string): boolean {
  try {
    return signingKeyOf(seed).type === 'private';
  } catch {
    return false;
  }
}

export const edgeConfig = z.object({
  ...serviceConfig,
  /** The same as auth's: keys are looked up by their digest under it. */
  KEY_PEPPER: KeyPepper,
  /** The same as the ledger's: what is admitted here is vouched for under it. */
  TICKET_SECRET: TicketSecret,
  /** From it the keys are derived under which entries of the vault are sealed. Without it nothing is ever kept of requests and answers. */
  VAULT_SECRET: z.string().min(32, 'needs at least 32 random characters').optional(),
  /** A longer answer is not cached. */
  CACHE_MAX_ENTRY_BYTES: count(4 * 1024 * 1024),
  /** How long a request may wait for the answer of an identical one that runs, where its client asked for that. */
  CACHE_COALESCE_WAIT_MS: milliseconds(30_000),
  /** How long stored responses are kept. */
  RESPONSE_STORE_DAYS: z.coerce.number().int().min(1).max(400).default(30),
  /** Names this edge to the ledger; that of the instance when absent. */
  EDGE_ID: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'may have 1 to 64 letters, digits, _ and -')
    .optional(),
  /** Folder that outlives the process: with it the next life of this edge can tell the ledger that this one is over. */
  EDGE_STATE_DIR: z.string().min(1).optional(),
  /** Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas. */
  TRUSTED_PROXIES: z.string().default(''),
  /** Tries of one generation, over all endpoints and models. */
  MAX_ATTEMPTS: count(6),
  /** No new try is started after this. */
  ATTEMPT_WINDOW_MS: milliseconds(120_000),
  UPSTREAM_CONNECT_MS: milliseconds(5_000),
  UPSTREAM_FIRST_BYTE_MS: milliseconds(60_000),
  UPSTREAM_REASONING_FIRST_BYTE_MS: milliseconds(300_000),
  UPSTREAM_IDLE_MS: milliseconds(60_000),
  UPSTREAM_TOTAL_MS: milliseconds(600_000),
  /** An endpoint that failed five times in a row is left out for so long times its number, at most `MAX_EJECTION_SECONDS`. */
  EJECTION_SECONDS: z.coerce.number().positive().max(86_400).default(30),
  MAX_EJECTION_SECONDS: z.coerce.number().positive().max(86_400).default(300),
  /** Silence after which a streaming client gets a comment. */
  KEEP_ALIVE_MS: milliseconds(10_000),
  /** A client that takes nothing for this long while data waits is cut. */
  SLOW_CLIENT_MS: milliseconds(60_000),
  /** At more event-loop lag than this, for a second, no new generation is started. */
  MAX_LOOP_LAG_MS: milliseconds(200),
  /** Generations that may run at once in this process. */
  MAX_GENERATIONS: count(10_000),
  /** Bytes of request bodies that this process holds at once. */
  MAX_BODY_BYTES_IN_FLIGHT: count(256 * 1024 * 1024),
  /** Bytes of one file of a form. */
  MAX_UPLOAD_BYTES: count(25 * 1024 * 1024),
  KEY_MISSES_PER_SECOND: count(20),
  KEY_MISS_BURST: count(100),
  /** From readiness off to the closed door: what a load balancer needs to look away. */
  SHUTDOWN_DELAY_MS: z.coerce.number().int().nonnegative().default(5_000),
  /** Running streams are waited for this long. */
  SHUTDOWN_TIMEOUT_MS: milliseconds(600_000),
  /** What is set aside for a stream whose client does not say: all that it can cost, or a part that grows with the answer. */
  DEFAULT_HOLD: z.enum(HOLD_MODES).default('full'),
  /** For requests without `X-Switchyard-Hedge`: whether a second endpoint is asked beside a slow first one (on, off, or milliseconds). */
  DEFAULT_HEDGE: z
    .string()
    .regex(/^(?:on|off|\d{2,6})$/, 'must be on, off or milliseconds')
    .default('off'),
  /** For requests without `X-Switchyard-Continue`: whether another endpoint goes on where an answer broke off. */
  DEFAULT_CONTINUE: z.enum(['on', 'off']).default('off'),
  /** Every management key may put credit into its own account without paying. Off where credit is sold: then only the operator's may. */
  OPEN_DEPOSITS: z.stringbool().default(true),
  /** Signs receipts: 32 random bytes in base64url, the same at every edge. None are signed without it. */
  RECEIPT_KEY: z
    .string()
    .refine(
      isSigningKey,
      'must be 32 random bytes in base64url, for example from: openssl rand -base64 32 | tr +/ -_ | tr -d =',
    )
    .optional(),
  /** Public keys (`x` of GET /receipts/keys) that signed before, separated by commas: they stay published. */
  RECEIPT_RETIRED_KEYS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((key) => key.trim())
        .filter((key) => key !== ''),
    )
    .pipe(z.array(z.string().regex(/^[\w-]{43}$/, 'must be public keys in base64url'))),
  /** Connections to the broker that carry streams. */
  DATA_CONNECTIONS: count(2),
});

// A schema has no class, and dependency injection needs one as its token.
const Settings = class {} as unknown as abstract new () => Readonly<z.output<typeof edgeConfig>>;

/** Injectable form of the validated configuration. */
export abstract class EdgeConfig extends Settings {}

const MAX_EDGE_ID_CHARACTERS = 64;

/** The name of this edge, made of characters that a NATS subject may hold. */
export const edgeIdOf = ({ EDGE_ID, SERVICE_INSTANCE }: EdgeConfig): string =>
  EDGE_ID ?? SERVICE_INSTANCE.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(-MAX_EDGE_ID_CHARACTERS);
