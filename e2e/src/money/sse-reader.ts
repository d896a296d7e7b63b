/** Cuts a byte stream into the data of server-sent events; comments are only counted. */
export class SseReader {
  readonly #decoder = new TextDecoder();
  #rest = '';
  #comments = 0;

  /** The data of the events that are complete now. */
  push(bytes: Uint8Array): string[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const events = this.#rest.split('\n\n');
    this.#rest = events.pop() ?? '';
    return events.flatMap((event) => {
      const all = event.split('\n');
      this.#comments += all.filter((line) => line.startsWith(':')).length;
      const lines = all.filter((line) => line.startsWith('data:'));
      return lines.length === 0 ? [] : [lines.map((line) => line.slice('data:'.length).trimStart()).join('\n')];
    });
  }

  /** Comments since the last time. */
  takeComments(): number {
    const count = this.#comments;
    this.#comments = 0;
    return count;
  }
}
