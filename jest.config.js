import { existsSync, readdirSync } from 'node:fs';

const withTests = (folder) =>
  readdirSync(new URL(folder, import.meta.url))
    .map((name) => `<rootDir>/${folder}/${name}`)
    .filter((project) => existsSync(new URL(`${project.replace('<rootDir>/', '')}/jest.config.js`, import.meta.url)));

/** All unit and integration tests in one run; the end-to-end tests have a run of their own, because they want the machine. */
export default {
  projects: [...withTests('packages'), ...withTests('apps'), '<rootDir>/infra/local', '<rootDir>/bench'],
};
