/**
 * What goes wrong with one request, on purpose. Read from a directive in the last user message, `[[fault: …]]`, or set by the
 * control API. Words without a value switch something on; `after=N` belongs to the word before it and counts output tokens.
 *
 * | directive | effect |
 * | --- | --- |
 * | `status=429 retry_after=1` | an error of that status in the format of the request; `retry_after` in seconds |
 * | `because=context_length`, `because=content_filter` | with `status=400`: the words that providers use for it |
 * | `refuse_prefill` | 400 when the last message is the assistant's |
 * | `echo_key` | the error body repeats the credentials of the request |
 * | `echo_text` | errors and garbage repeat the texts of the request |
 * | `cut after=5` | connection closed in the middle of the event after 5 tokens |
 * | `end after=5` | the body ends cleanly after 5 tokens, without finish |
 * | `reset`, `reset after=5` | TCP reset before the headers, or after 5 tokens |
 * | `stall before`, `stall after=5` | nothing more is ever sent |
 * | `html` | 200 with an HTML page |
 * | `garbage`, `garbage after=5` | an event that is not JSON |
 * | `no_done`, `two_done`, `after_done` | the terminal event is missing, sent twice, followed by text |
 * | `hang` | everything but the terminal event, then silence |
 * | `error_event after=3` | an error inside the stream |
 * | `drip` | one byte every 200 ms (`drip ms=…`) |
 * | `huge_line bytes=…` | an event of 10 MB in one line; `endless_line` never ends |
 * | `deep_json` | an event nested 100,000 deep |
 * | `bad_utf8` | invalid UTF-8 inside a text, split over two writes |
 * | `delay ms=500` | waits before the headers |
 * | `first_token=500` | waits so many milliseconds between the headers and the first token |
 * | `redirect`, `set_cookie`, `header_bomb` | what a hostile upstream might send in its head |
 * | `usage=none`, `usage=huge`, `usage=zero`, `usage=negative` | wrong usage |
 * | `usage=tenfold`, `usage=fraction`, `usage=overflow` | ten times the output, half a token, 2^63 tokens |
 * | `label=a-1` | a name for the request in the book, of up to 64 letters, digits, `_` and `-` |
 * | `blank` | no output token and no finish reason |
 * | `tokens=200`, `tps=100` | length of the answer, pace in tokens per second |
 */
export interface Fault {
  readonly status?: number;
  readonly retryAfter?: string;
  readonly because?: (typeof REASONS)[number];
  readonly refusePrefill?: boolean;
  readonly echoKey?: boolean;
  readonly echoText?: boolean;
  readonly cutAfter?: number;
  readonly endAfter?: number;
  /** -1 stands for "before the headers". */
  readonly resetAfter?: number;
  readonly stallAfter?: number;
  readonly garbageAfter?: number;
  readonly errorAfter?: number;
  readonly html?: boolean;
  readonly noDone?: boolean;
  readonly twoDone?: boolean;
  readonly afterDone?: boolean;
  readonly hang?: boolean;
  readonly dripMs?: number;
  readonly hugeLineBytes?: number;
  readonly endlessLine?: boolean;
  readonly deepJson?: boolean;
  readonly badUtf8?: boolean;
  readonly delayMs?: number;
  readonly firstTokenMs?: number;
  readonly redirect?: boolean;
  readonly setCookie?: boolean;
  readonly headerBomb?: boolean;
  readonly blank?: boolean;
  readonly usage?: (typeof USAGES)[number];
  /** What the caller calls this request. */
  readonly label?: string;
  readonly tokens?: number;
  readonly tokensPerSecond?: number;
}

type Writable = { -readonly [Name in keyof Fault]: Fault[Name] };

const MAX_TOKENS = 100_000;
const MAX_BYTES = 64 * 1024 * 1024;
const BEFORE_HEADERS = -1;
const USAGES = ['none', 'huge', 'zero', 'negative', 'tenfold', 'fraction', 'overflow'] as const;
const REASONS = ['context_length', 'content_filter'] as const;
const MAX_LABEL = 64;

/** Reads all directives of a text; words that it does not know are left out. */
export function parseFault(text: string): Fault {
  const fault: Writable = {};
  for (const [, body = ''] of text.matchAll(/\[\[fault:([^\]]*)\]\]/g)) readDirective(body, fault);
  return fault;
}

/** Reads the inside of one directive, e.g. `cut after=5`; what the control API takes, too. */
export function parseDirective(body: string): Fault {
  const fault: Writable = {};
  readDirective(body, fault);
  return fault;
}

function readDirective(body: string, fault: Writable): void {
  const words = body.trim().split(/[\s,;]+/);
  let kind = '';
  for (const word of words) {
    const [name = '', value] = word.split('=', 2);
    if (value === undefined && !(name in MODIFIERS)) kind = name;
    const setting = SETTINGS[name];
    if (setting) setting(fault, value ?? '');
    else MODIFIERS[name]?.(fault, kind, value ?? '');
  }
}

const count = (text: string, most: number): number => Math.min(most, Math.max(0, Math.trunc(Number(text) || 0)));

const SETTINGS: Readonly<Record<string, (fault: Writable, value: string) => void>> = {
  status: (fault, value) => (fault.status = Math.min(599, Math.max(200, count(value, 599)))),
  retry_after: (fault, value) => (fault.retryAfter = value.replaceAll(/[^\w.:+-]/g, '').slice(0, 40)),
  because: (fault, value) => {
    const reason = REASONS.find((known) => known === value);
    if (reason) fault.because = reason;
  },
  refuse_prefill: (fault) => (fault.refusePrefill = true),
  first_token: (fault, value) => (fault.firstTokenMs = count(value, 600_000)),
  echo_key: (fault) => (fault.echoKey = true),
  echo_text: (fault) => (fault.echoText = true),
  cut: (fault) => (fault.cutAfter = 0),
  end: (fault) => (fault.endAfter = 0),
  reset: (fault) => (fault.resetAfter = BEFORE_HEADERS),
  stall: (fault) => (fault.stallAfter = 0),
  garbage: (fault) => (fault.garbageAfter = 0),
  error_event: (fault) => (fault.errorAfter = 0),
  html: (fault) => (fault.html = true),
  no_done: (fault) => (fault.noDone = true),
  two_done: (fault) => (fault.twoDone = true),
  after_done: (fault) => (fault.afterDone = true),
  hang: (fault) => (fault.hang = true),
  drip: (fault) => (fault.dripMs = 200),
  huge_line: (fault) => (fault.hugeLineBytes = 10 * 1024 * 1024),
  endless_line: (fault) => (fault.endlessLine = true),
  deep_json: (fault) => (fault.deepJson = true),
  bad_utf8: (fault) => (fault.badUtf8 = true),
  delay: (fault) => (fault.delayMs = 500),
  redirect: (fault) => (fault.redirect = true),
  set_cookie: (fault) => (fault.setCookie = true),
  header_bomb: (fault) => (fault.headerBomb = true),
  blank: (fault) => (fault.blank = true),
  usage: (fault, value) => {
    const usage = USAGES.find((known) => known === value);
    if (usage) fault.usage = usage;
  },
  label: (fault, value) => (fault.label = value.replaceAll(/[^\w-]/g, '').slice(0, MAX_LABEL)),
  tokens: (fault, value) => (fault.tokens = count(value, MAX_TOKENS)),
  tps: (fault, value) => (fault.tokensPerSecond = count(value, 1_000_000)),
};

const AFTER = {
  cut: 'cutAfter',
  end: 'endAfter',
  reset: 'resetAfter',
  stall: 'stallAfter',
  garbage: 'garbageAfter',
  error_event: 'errorAfter',
} as const;
type Countable = keyof typeof AFTER;

const MODIFIERS: Readonly<Record<string, (fault: Writable, kind: string, value: string) => void>> = {
  before: (fault, kind) => {
    if (kind in AFTER) fault[AFTER[kind as Countable]] = BEFORE_HEADERS;
  },
  after: (fault, kind, value) => {
    if (kind in AFTER) fault[AFTER[kind as Countable]] = count(value, MAX_TOKENS);
  },
  ms: (fault, kind, value) => {
    if (kind === 'drip') fault.dripMs = count(value, 600_000);
    else fault.delayMs = count(value, 600_000);
  },
  bytes: (fault, _, value) => (fault.hugeLineBytes = count(value, MAX_BYTES)),
};
