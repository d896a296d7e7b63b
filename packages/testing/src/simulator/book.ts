import type { FormatId } from './prompt.js';
import type { ReportedUsage } from './formats/format.js';

const MAX_ENTRIES = 50_000;

/** What the simulator knows about one request: the upstream's own side of the story. No text of prompts or answers. */
export interface BookEntry {
  readonly id: number;
  readonly path: string;
  readonly format: FormatId | 'replay' | 'job';
  readonly model: string;
  /** The name that the caller gave the request with `[[fault: label=…]]`. */
  readonly label: string | null;
  readonly stream: boolean;
  /** The id that the answer carried. */
  readonly upstreamId: string | null;
  readonly startedAtMs: number;
  /** Names only. */
  readonly headers: readonly string[];
  readonly promptTokens: number;
  /** Output tokens that the socket took. */
  readonly outputTokens: number;
  /** Body bytes that the socket took. */
  readonly outputBytes: number;
  /** Time that writes waited for a full socket. */
  readonly blockedMs: number;
  readonly reported: ReportedUsage | null;
  readonly status: number | null;
  readonly finish: string | null;
  /** Set as soon as the request is over, in whatever way. */
  readonly endedAtMs: number | null;
  /** The client closed before the answer was complete. */
  readonly aborted: boolean;
  readonly abortedAtMs: number | null;
  /** Recorded case that was replayed. */
  readonly replayed: string | null;
}

export type OpenEntry = { -readonly [Name in keyof BookEntry]: BookEntry[Name] };

/** Every request since the start or the last clearing, the oldest first; bounded. */
export class Book {
  private entries: OpenEntry[] = [];
  private nextId = 1;

  open(facts: Pick<BookEntry, 'path' | 'headers'>): OpenEntry {
    const entry: OpenEntry = { ...BLANK, ...facts, id: this.nextId++, startedAtMs: Date.now() };
    this.entries.push(entry);
    if (this.entries.length > MAX_ENTRIES) this.entries.shift();
    return entry;
  }

  list(): readonly BookEntry[] {
    return this.entries.map((entry) => ({ ...entry }));
  }

  clear(): void {
    this.entries = [];
  }
}

const BLANK: Omit<BookEntry, 'id' | 'path' | 'headers' | 'startedAtMs'> = {
  format: 'openai',
  model: '',
  label: null,
  stream: false,
  upstreamId: null,
  promptTokens: 0,
  outputTokens: 0,
  outputBytes: 0,
  blockedMs: 0,
  reported: null,
  status: null,
  finish: null,
  endedAtMs: null,
  aborted: false,
  abortedAtMs: null,
  replayed: null,
};
