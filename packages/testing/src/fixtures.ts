import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/**
 * Folder of recorded provider traffic: SWITCHYARD_FIXTURES, else `../shared/fixtures` beside the repository; null when absent.
 * The recordings are not part of the repository, so a test that wants them says plainly when they are not there.
 */
export function fixturesDirectory(): string | null {
  const folder = path.resolve(REPOSITORY, process.env['SWITCHYARD_FIXTURES'] ?? '../shared/fixtures');
  return existsSync(path.join(folder, 'upstream')) ? folder : null;
}
