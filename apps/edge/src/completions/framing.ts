/** How the events of an answer travel: the dialect writes them, the client says how it wants them. One per answer. */
export interface Framing {
  readonly contentType: string;
  /** Fills silence; clients must read over it, wherever it stands between events. Null where nothing can be read over. */
  readonly keepAlive: Uint8Array | null;
  push(bytes: Uint8Array): Uint8Array;
  /** What closes the stream; asked for once. */
  end(): Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** Server-sent events as they are. */
export const eventStream = (keepAlive: Uint8Array): Framing => ({
  contentType: 'text/event-stream',
  keepAlive,
  push: (bytes) => bytes,
  end: () => NOTHING,
});

/**
 * Audio as it is made: silence cannot be filled and errors have no words in it, so an answer that fails is cut. What it is says the
 * head of the answer.
 */
export class Medium implements Framing {
  readonly contentType = 'application/octet-stream';
  readonly keepAlive = null;

  push(bytes: Uint8Array): Uint8Array {
    return bytes;
  }

  end(): Uint8Array {
    return NOTHING;
  }
}

const END_OF_EVENT = Buffer.from('\r\n\r\n');
const DATA = 'data: ';

/**
 * The events of Google's streams as the elements of one JSON array: what `streamGenerateContent` answers where nobody asked for
 * `alt=sse`. Silence is filled with a line break, which JSON allows between any two values.
 */
export class JsonArray implements Framing {
  readonly contentType = 'application/json';
  readonly keepAlive = Buffer.from('\n');
  private held: Uint8Array = NOTHING;
  private opened = false;

  push(bytes: Uint8Array): Uint8Array {
    const all = this.held.byteLength === 0 ? Buffer.from(bytes) : Buffer.concat([this.held, bytes]);
    const elements: string[] = [];
    let start = 0;
    for (let end = all.indexOf(END_OF_EVENT); end !== -1; end = all.indexOf(END_OF_EVENT, start)) {
      elements.push(...this.elementOf(all.subarray(start, end).toString('utf8')));
      start = end + END_OF_EVENT.byteLength;
    }
    this.held = all.subarray(start);
    return Buffer.from(elements.join(''));
  }

  end(): Uint8Array {
    return Buffer.from(this.opened ? ']' : '[]');
  }

  /** Nothing for a comment. Google's events have their data on one line. */
  private elementOf(event: string): string[] {
    if (!event.startsWith(DATA)) return [];
    const separator = this.opened ? ',\r\n' : '[';
    this.opened = true;
    return [separator + event.slice(DATA.length)];
  }
}
