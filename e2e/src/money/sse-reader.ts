/** Cuts a byte stream into the data of server-sent events; comments are left out. */
export class SseReader {
  readonly #decoder = new TextDecoder();
  #rest = '';

  /** The data of the events that are complete now. */
  push(bytes: Uint8Array): string[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const events = this.#rest.split('\n\n');
    this.#rest = events.pop() ?? '';
    return events.flatMap((event) => {
      const lines = event.split('\n').filter((line) => line.startsWith('data:'));
      return lines.length === 0 ? [] : [lines.map((line) => line.slice('data:'.length).trimStart()).join('\n')];
    });
  }
}
