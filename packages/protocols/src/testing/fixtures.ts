import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ProtocolId } from '@switchyard/contracts';
import { protocolOf } from '../index.js';

/** The protocol whose format this one's answers have: itself, unless it is derived. */
export const formatOf = (protocol: ProtocolId): ProtocolId => protocolOf(protocol).derivation?.base ?? protocol;

/** Where an own small fixture lies. */
export const fixturePath = (protocol: ProtocolId, file: string): string =>
  fileURLToPath(new URL(`../__fixtures__/${formatOf(protocol)}/${file}`, import.meta.url));

/** An own small fixture, as the protocol sends it. */
export const fixtureOf = (protocol: ProtocolId, file: string): Buffer => readFileSync(fixturePath(protocol, file));
