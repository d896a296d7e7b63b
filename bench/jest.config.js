export { default } from '@switchyard/toolchain/jest';
