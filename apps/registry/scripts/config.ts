import path from 'node:path';

/** Folder of the recorded catalogues: SWITCHYARD_FIXTURES, else `../shared/fixtures` beside the repository. */
export const fixturesFolder = (repository: string): string =>
  path.resolve(repository, process.env['SWITCHYARD_FIXTURES'] ?? '../shared/fixtures');
