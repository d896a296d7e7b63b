interface Entry {
  readonly atMs: number;
  /** Of two entries for one moment the older goes first, so that a run is the same each time. */
  readonly number: number;
  readonly action: () => void;
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.number < other.number);

/** Virtual time: actions in the order of their moments, as a binary heap. */
export class Calendar {
  private readonly heap: Entry[] = [];
  private count = 0;
  nowMs = 0;

  after(delayMs: number, action: () => void): void {
    const entry = { atMs: this.nowMs + delayMs, number: this.count, action };
    this.count += 1;
    const { heap } = this;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[place] = heap[parent]!;
      place = parent;
    }
    heap[place] = entry;
  }

  /** Lives until nothing is left to do, or until the moment. */
  run(untilMs = Number.POSITIVE_INFINITY): void {
    while (this.heap[0] && this.heap[0].atMs <= untilMs) {
      const next = this.take();
      this.nowMs = next.atMs;
      next.action();
    }
    if (Number.isFinite(untilMs)) this.nowMs = untilMs;
  }

  private take(): Entry {
    const { heap } = this;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[place] = heap[child]!;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}
