import { Injectable } from '@nestjs/common';
import type { EndpointHistory } from '@switchyard/contracts';

/** The last day of endpoints, as the prober last told it. */
@Injectable()
export class HistoryStore {
  private readonly histories = new Map<string, EndpointHistory>();

  put(history: EndpointHistory): void {
    this.histories.set(history.endpointId, history);
  }

  remove(endpointId: string): void {
    this.histories.delete(endpointId);
  }

  endpointIds(): readonly string[] {
    return [...this.histories.keys()];
  }

  of(endpointId: string): EndpointHistory | null {
    return this.histories.get(endpointId) ?? null;
  }
}
