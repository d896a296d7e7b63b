import { MAX_FRAME_BYTES } from './limits.js';

const QUOTE = 34;
const BACKSLASH = 92;

/**
 * Cuts concatenated JSON objects, or the elements of one JSON array, out of text that arrives in pieces. Works on binary text:
 * all characters that matter are ASCII.
 */
export class JsonSplitter {
  private depth = 0;
  private inString = false;
  private escaped = false;
  private pieces: string[] = [];
  private length = 0;
  overflow = false;

  push(text: string): string[] {
    const values: string[] = [];
    let start = this.depth > 0 ? 0 : -1;
    for (let position = 0; position < text.length; position++) {
      const code = text.charCodeAt(position);
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (code === BACKSLASH) this.escaped = true;
        else if (code === QUOTE) this.inString = false;
      } else if (code === QUOTE) {
        this.inString = true;
      } else if (code === 123 || (code === 91 && this.depth > 0)) {
        // Square brackets outside of any object are the array that wraps the stream.
        if (this.depth++ === 0) start = position;
      } else if ((code === 125 || code === 93) && this.depth > 0 && --this.depth === 0) {
        values.push(this.pieces.join('') + text.slice(start, position + 1));
        this.pieces = [];
        this.length = 0;
        start = -1;
      }
    }
    if (start >= 0) this.keep(text.slice(start));
    return values;
  }

  /** What is left of a value that never ended. */
  rest(): string {
    return this.pieces.join('');
  }

  private keep(text: string): void {
    this.pieces.push(text);
    this.length += text.length;
    this.overflow ||= this.length > MAX_FRAME_BYTES;
  }
}
