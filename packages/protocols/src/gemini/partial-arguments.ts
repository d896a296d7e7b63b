import { recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';

const MAX_PATH_LENGTH = 1024;
const MAX_DEPTH = 64;
const MAX_INDEX = 10_000;
const STEP = /\.([A-Za-z_$][\w$-]*)|\[(\d{1,5})\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;

/**
 * Arguments of a call that Gemini streams as `partialArgs` (JSON paths with pieces of values). They are put together here,
 * because a client expects the text of one JSON object.
 */
export class PartialArguments {
  private readonly root: JsonRecord = {};

  add(pieces: unknown): void {
    for (const piece of recordsOf(pieces)) {
      const path = stepsOf(textOf(piece['jsonPath']) ?? '');
      if (path) place(this.root, path, valueOf(piece));
    }
  }

  toJson(): string {
    return JSON.stringify(this.root);
  }
}

type Value = string | number | boolean | null;

function valueOf(piece: JsonRecord): Value {
  const { stringValue, numberValue, boolValue } = piece;
  if (typeof stringValue === 'string') return stringValue;
  if (typeof numberValue === 'number') return numberValue;
  return typeof boolValue === 'boolean' ? boolValue : null;
}

function stepsOf(path: string): readonly (string | number)[] | undefined {
  if (!path.startsWith('$') || path.length > MAX_PATH_LENGTH) return undefined;
  const steps: (string | number)[] = [];
  for (let position = 1; position < path.length; position = STEP.lastIndex) {
    STEP.lastIndex = position;
    const match = STEP.exec(path);
    if (!match || steps.length >= MAX_DEPTH) return undefined;
    const [, name, index, single, double] = match;
    steps.push(index === undefined ? (name ?? single ?? double ?? '') : Number(index));
  }
  return steps.length > 0 ? steps : undefined;
}

/** A piece of a string continues the one that stands at its path. Own properties only: `__proto__` is a name like any other. */
function place(root: JsonRecord, path: readonly (string | number)[], value: Value): void {
  let container: JsonRecord | unknown[] = root;
  for (const [depth, step] of path.entries()) {
    const existing = ownValue(container, step);
    if (depth === path.length - 1) {
      const joined = typeof existing === 'string' && typeof value === 'string' ? existing + value : value;
      define(container, step, joined);
      return;
    }
    const next =
      typeof existing === 'object' && existing !== null ? existing : typeof path[depth + 1] === 'number' ? [] : {};
    if (next !== existing && !define(container, step, next)) return;
    container = next as JsonRecord | unknown[];
  }
}

const ownValue = (container: object, step: string | number): unknown =>
  Object.hasOwn(container, step) ? (container as Record<string | number, unknown>)[step] : undefined;

function define(container: object, step: string | number, value: unknown): boolean {
  if (Array.isArray(container) && (typeof step !== 'number' || step > MAX_INDEX)) return false;
  Object.defineProperty(container, step, { value, writable: true, enumerable: true, configurable: true });
  return true;
}
