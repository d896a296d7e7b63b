import preset from '@switchyard/toolchain/jest';

export default { ...preset, roots: ['<rootDir>/src', '<rootDir>/scripts'] };
