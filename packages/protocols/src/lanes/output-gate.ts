import { bytesOfBinaryText } from '../frames/binary-text.js';

/** What may wait for the first meaningful event. More than this is noise (empty deltas without end) and is dropped. */
const MAX_HELD_LENGTH = 64 * 1024;

/** Collects output (binary text) and holds it back until something meaningful has come. */
export class OutputGate {
  private text = '';
  private opened = false;

  get isOpen(): boolean {
    return this.opened;
  }

  open(): void {
    this.opened = true;
  }

  write(text: string): void {
    if (this.opened || this.text.length + text.length <= MAX_HELD_LENGTH) this.text += text;
  }

  /** What can go out now; null while closed or empty. */
  take(): Uint8Array | null {
    if (!this.opened || this.text === '') return null;
    const bytes = bytesOfBinaryText(this.text);
    this.text = '';
    return bytes;
  }
}
