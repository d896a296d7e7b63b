import preset from '@switchyard/toolchain/jest';

export default {
  ...preset,
  setupFilesAfterEnv: [...preset.setupFilesAfterEnv, '<rootDir>/src/testing/audit-after-each.ts'],
};
