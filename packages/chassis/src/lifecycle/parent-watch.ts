import { loadConfig } from '../config/load-config.js';
import { z } from 'zod';

const schema = z.object({ SWITCHYARD_PARENT: z.enum(['0', '1']).default('0').describe('1 when a parent holds stdin') });

/**
 * With SWITCHYARD_PARENT=1 the process must not outlive the one that started it, even when that one was killed: its end is seen
 * as the end of the IPC channel, where there is one, and of stdin otherwise.
 */
export function watchParent(onParentGone: () => void): void {
  if (loadConfig(schema).SWITCHYARD_PARENT !== '1') return;
  if (process.connected) {
    process.once('disconnect', onParentGone);
    return;
  }
  process.stdin.once('end', onParentGone);
  process.stdin.once('error', onParentGone);
  process.stdin.resume();
  process.stdin.unref?.();
}
