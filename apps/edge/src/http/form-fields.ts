import { GatewayError } from '@switchyard/contracts';
import { parseJsonBody } from './json-body.js';

type Fields = Record<string, unknown>;

const MAX_DEPTH = 4;
const NAME = /^([^[\]]+)((?:\[[^[\]]*\])*)$/;
/** Keys that change prototypes. */
const POISON = new Set(['__proto__', 'constructor', 'prototype']);
/** Texts of a form that stand for numbers in JSON. */
const NUMBERS = new Set(['n', 'seed', 'temperature', 'output_compression', 'partial_images']);

/**
 * Writes a field of a form to where it stands in the JSON of the same request, as official clients name it: `list[]` is a member of a
 * list, `provider[order][]` one of a list inside an object; `provider` alone may be JSON.
 * @throws GatewayError `invalid_request`
 */
export function setField(fields: Fields, name: string, text: string): void {
  const [, first = '', rest = ''] = NAME.exec(name) ?? [];
  const keys = [first, ...[...rest.matchAll(/\[([^[\]]*)\]/g)].map(([, key = '']) => key)];
  if (first === '' || keys.length > MAX_DEPTH || keys.some((key) => POISON.has(key)))
    throw new GatewayError('invalid_request', { message: 'The form has a field whose name is not allowed.' });
  const isList = keys.at(-1) === '';
  const path = isList ? keys.slice(0, -1) : keys;
  const target = path.slice(0, -1).reduce((inner, key) => childOf(inner, key), fields);
  const key = path.at(-1) ?? '';
  const value = valueOf(keys, text);
  if (!isList) target[key] = value;
  else if (Array.isArray(target[key])) target[key].push(value);
  else target[key] = [value];
}

function childOf(parent: Fields, key: string): Fields {
  const child = parent[key];
  if (typeof child === 'object' && child !== null && !Array.isArray(child)) return child as Fields;
  const made: Fields = {};
  parent[key] = made;
  return made;
}

function valueOf([first = '', ...inner]: readonly string[], text: string): unknown {
  const isWholeProvider = first === 'provider' && inner.length === 0;
  if (isWholeProvider) return jsonOf(text);
  if (NUMBERS.has(first) && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  const isSwitch = first === 'stream' || first === 'provider';
  return isSwitch && (text === 'true' || text === 'false') ? text === 'true' : text;
}

/** Within the limits of every other JSON that comes in. */
function jsonOf(text: string): unknown {
  try {
    return parseJsonBody(Buffer.from(text));
  } catch (cause) {
    if (cause instanceof GatewayError && cause.code === 'invalid_request') throw cause;
    throw new GatewayError('invalid_request', {
      message: 'provider: expected JSON',
      metadata: { path: 'provider' },
      cause,
    });
  }
}
