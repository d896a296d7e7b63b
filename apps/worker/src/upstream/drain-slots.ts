import { Injectable } from '@nestjs/common';
import { MAX_DRAINS } from './limits.js';

/** How many cancelled answers may be read on without a client at a time. */
@Injectable()
export class DrainSlots {
  private taken = 0;

  /** Takes a slot; the result gives it back, once. null when all are taken. */
  take(): (() => void) | null {
    if (this.taken >= MAX_DRAINS) return null;
    this.taken += 1;
    let held = true;
    return () => {
      if (held) this.taken -= 1;
      held = false;
    };
  }
}
