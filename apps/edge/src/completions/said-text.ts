/** An answer of more characters is not gone on with: it would be held twice. */
const MAX_CHARACTERS = 512 * 1024;
const END_OF_EVENT = /\r?\n\r?\n/;
const DATA = /^data: ?(.*)$/m;

interface Delta {
  readonly [field: string]: unknown;
}

/**
 * The text of an answer in the chunks of Chat Completions, as the client gets it: what another endpoint needs to go on. Only plain text
 * can be gone on with: with anything else in it, or when it has finished, there is none.
 */
export class SaidText {
  private readonly decoder = new TextDecoder();
  private rest = '';
  private said = '';
  private fit = true;

  /** Takes bytes that went to the client. */
  push(bytes: Uint8Array): void {
    if (!this.fit) return;
    const events = (this.rest + this.decoder.decode(bytes, { stream: true })).split(END_OF_EVENT);
    this.rest = events.pop() ?? '';
    for (const event of events) this.read(event);
    if (this.said.length + this.rest.length > MAX_CHARACTERS) this.fit = false;
  }

  /** What was said; null when nothing can go on with it. Half an event in the client's hands cannot be taken back. */
  get text(): string | null {
    return this.fit && this.rest === '' && this.said.trim() !== '' ? this.said : null;
  }

  private read(event: string): void {
    const data = DATA.exec(event)?.[1];
    if (data === undefined) return;
    const choice = choiceOf(data);
    if (!choice || choice.finish_reason) {
      this.fit = false;
      return;
    }
    const { content, role: _role, ...others } = choice.delta ?? {};
    if (Object.values(others).some(isSomething)) this.fit = false;
    if (typeof content === 'string') this.said += content;
  }
}

const isSomething = (value: unknown): boolean =>
  value !== null && value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0);

interface Choice {
  readonly delta?: Delta;
  readonly finish_reason?: unknown;
}

function choiceOf(data: string): Choice | null {
  try {
    const { choices } = JSON.parse(data) as { readonly choices?: readonly Choice[] };
    return choices?.length === 1 ? (choices[0] ?? null) : null;
  } catch {
    return null;
  }
}

/**
 * Takes white space off the beginning of an answer that goes on. Providers refuse a beginning that ends in white space, so it is not
 * sent to them; the client has it, and must not get it twice.
 */
export class SeamFilter {
  constructor(private skip: string) {}

  /** Whole events, with what the client has already taken out. */
  filter(bytes: Uint8Array): Uint8Array {
    if (this.skip === '' || bytes.byteLength === 0) return bytes;
    const events = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      .toString('utf8')
      .split(/(?<=\n\n)/);
    return Buffer.from(events.map((event) => this.edit(event)).join(''), 'utf8');
  }

  private edit(event: string): string {
    const data = DATA.exec(event)?.[1];
    const chunk = this.skip === '' || data === undefined ? null : parsed(data);
    const delta = chunk?.choices?.[0]?.delta;
    if (!chunk || typeof delta?.['content'] !== 'string' || delta['content'] === '') return event;
    const content = this.without(delta['content']);
    const choices = [{ ...chunk.choices![0], delta: { ...delta, content } }];
    return `data: ${JSON.stringify({ ...chunk, choices })}\n\n`;
  }

  private without(text: string): string {
    let known = 0;
    while (known < text.length && known < this.skip.length && text[known] === this.skip[known]) known += 1;
    // Something else than white space: the seam is behind it.
    this.skip = known < text.length ? '' : this.skip.slice(known);
    return text.slice(known);
  }
}

function parsed(data: string): { readonly choices?: readonly Choice[] } | null {
  try {
    return JSON.parse(data) as { readonly choices?: readonly Choice[] };
  } catch {
    return null;
  }
}
