import type { CompletionEvent } from '@switchyard/contracts';

/** Events after which a client has seen something of this very answer, so that no other endpoint may answer in its place. */
export function isMeaningful(event: CompletionEvent, hideReasoning: boolean): boolean {
  switch (event.type) {
    case 'text-delta':
    case 'refusal-delta':
      return event.text !== '';
    case 'reasoning-delta':
      return !hideReasoning;
    case 'tool-call-start':
    case 'image-delta':
    case 'audio-delta':
    case 'finish':
      return true;
    default:
      return false;
  }
}
