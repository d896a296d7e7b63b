import { isRecord } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { roleFor } from '../../openai-chat/request-messages.js';
import { reasoningFormatsOf } from '../../openai-responses/wire.js';
import type { RenderTarget } from '../../types.js';
import { unsealed } from './reasoning-items.js';

/** How the ids of items begin at OpenAI, which refuses others. They may be left out. */
const ID_PREFIXES: Readonly<Record<string, string>> = { message: 'msg_', function_call: 'fc_', reasoning: 'rs_' };

/** The client's own input items: what another provider thought is left out, ids that no one here knows too. */
export const editInput = (input: unknown, target: RenderTarget): unknown =>
  Array.isArray(input)
    ? input.flatMap((item: unknown): readonly unknown[] => (isRecord(item) ? editItem(item, target) : [item]))
    : input;

function editItem(item: JsonRecord, target: RenderTarget): readonly JsonRecord[] {
  const type = item['type'] ?? 'message';
  if (type === 'reasoning') return editReasoning(withKnownId(item, 'reasoning'), target);
  if (type === 'message' && item['role'] === 'developer')
    return [{ ...withKnownId(item, 'message'), role: roleFor('developer', target) }];
  return typeof type === 'string' && type in ID_PREFIXES ? [withKnownId(item, type)] : [item];
}

function withKnownId(item: JsonRecord, type: string): JsonRecord {
  const { id, ...rest } = item;
  return id === undefined || (typeof id === 'string' && id.startsWith(ID_PREFIXES[type]!)) ? item : rest;
}

/** Only its maker can read encrypted reasoning; a thought without any is refused, but by servers that want it as text. */
function editReasoning(item: JsonRecord, target: RenderTarget): readonly JsonRecord[] {
  const sealed = item['encrypted_content'];
  if (typeof sealed === 'string' && sealed !== '') {
    const data = unsealed(sealed, reasoningFormatsOf(target.endpoint.provider).encrypted);
    return data === null ? [] : [data === sealed ? item : { ...item, encrypted_content: data }];
  }
  return target.reasoningField === undefined ? [] : [item];
}
