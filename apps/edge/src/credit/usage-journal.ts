import { mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { UsageMessage } from './pending-usage.js';

const EPOCH_FILE = /^[0-9a-f-]{36}\.usage$/;
/** Usage of customers: nobody else on the machine reads it. */
const MODE = 0o600;

/** What an earlier life of an edge had not seen booked. */
export interface Legacy {
  readonly messages: readonly UsageMessage[];
  /** Call it when every message is stored: nobody needs the file any more. */
  readonly forget: () => Promise<void>;
}

/**
 * Usage that the ledger is late to confirm, in a file of this life of an edge: it outlives a kill of the process, not a power cut, for
 * which every line would have to be synchronised. Each line is a message; the last may be torn by the kill.
 */
export class UsageJournal {
  private readonly file: string;
  private written = 0;

  constructor(
    private readonly directory: string,
    private readonly edgeId: string,
    private readonly edgeEpoch: string,
  ) {
    this.file = path.join(directory, `${edgeId}.${edgeEpoch}.usage`);
  }

  /** Lines of the file by now. */
  get length(): number {
    return this.written;
  }

  /** @throws Error when the folder cannot be written to */
  async append(messages: readonly UsageMessage[]): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const file = await open(this.file, 'a', MODE);
    try {
      await file.appendFile(linesOf(messages));
    } finally {
      await file.close();
    }
    this.written += messages.length;
  }

  /** Keeps these messages and no others. @throws Error when the folder cannot be written to */
  async keepOnly(messages: readonly UsageMessage[]): Promise<void> {
    if (messages.length === 0) await rm(this.file, { force: true });
    else {
      // Either the old file or the new one is there, whole.
      await writeFile(`${this.file}.new`, linesOf(messages), { mode: MODE });
      await rename(`${this.file}.new`, this.file);
    }
    this.written = messages.length;
  }

  /** What earlier lives under this name left. Only for who holds the name: the file of a life that goes on is not for others. */
  async legacies(): Promise<Legacy[]> {
    const prefix = `${this.edgeId}.`;
    const names = (await readdir(this.directory)).filter(
      (name) => name.startsWith(prefix) && EPOCH_FILE.test(name.slice(prefix.length)),
    );
    const files = names.map((name) => path.join(this.directory, name)).filter((file) => file !== this.file);
    return Promise.all(
      files.map(async (file) => ({
        messages: messagesOf(await readFile(file, 'utf8')),
        forget: () => rm(file, { force: true }),
      })),
    );
  }
}

const linesOf = (messages: readonly UsageMessage[]): string =>
  messages
    .map(({ subject, messageId, bytes }) => `${JSON.stringify([subject, messageId, Buffer.from(bytes).toString()])}\n`)
    .join('');

function messagesOf(text: string): UsageMessage[] {
  // What stands behind the last end of a line is torn, or nothing.
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => messageOf(line) ?? []);
}

function messageOf(line: string): UsageMessage | null {
  try {
    const fields: unknown = JSON.parse(line);
    if (!Array.isArray(fields) || !fields.every((field) => typeof field === 'string')) return null;
    const [subject, messageId, text] = fields;
    if (subject === undefined || messageId === undefined || text === undefined) return null;
    return { subject, messageId, bytes: Buffer.from(text) };
  } catch {
    return null;
  }
}
