// Moves the wall clock of the process that loads it (`node --import`): Date says what the file SHIFTED_CLOCK_FILE says in
// milliseconds more, from one moment to the next, as a machine whose time was set. The monotonic clock stays as it is.
import { readFileSync } from 'node:fs';

const READ_EVERY_MS = 50;
const RealDate = Date;
let shiftMs = 0;
const read = () => {
  try {
    shiftMs = Number(readFileSync(process.env.SHIFTED_CLOCK_FILE, 'utf8')) || 0;
  } catch {
    // No file yet: the clock is right.
  }
};
read();
setInterval(read, READ_EVERY_MS).unref();

globalThis.Date = class Date extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + shiftMs);
    else super(...parts);
  }
  static now() {
    return RealDate.now() + shiftMs;
  }
};
