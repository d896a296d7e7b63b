import type { CompletionRequest, ContentPart, ProtocolId } from '@switchyard/contracts';

/** A piece of media as far as it decides which formats of providers can carry it. */
export interface MediaPiece {
  readonly kind: 'image' | 'video' | 'file';
  /** Its bytes, an address, or an id at some provider. */
  readonly by: 'base64' | 'url' | 'id';
  /** Lower case, without parameters; empty where it is not known. */
  readonly mediaType: string;
}

/** The kinds of media in a request, each once. Recordings have one form everywhere, and are told by their modality. */
export function mediaIn({ messages }: Pick<CompletionRequest, 'messages'>): readonly MediaPiece[] {
  const pieces = messages.flatMap((message) => (message.content as readonly ContentPart[]).flatMap(pieceOf));
  return [...new Map(pieces.map((piece) => [describeMedia(piece), piece])).values()];
}

function pieceOf(part: ContentPart): MediaPiece[] {
  if (part.type === 'text' || part.type === 'audio') return [];
  const { type, source } = part;
  const mediaType = source.kind === 'base64' ? source.mediaType.split(';', 1)[0]!.trim().toLowerCase() : '';
  // A picture or a film stays what it is when it is sent as a file.
  const own = /^(image|video)\//.exec(mediaType)?.[1] as 'image' | 'video' | undefined;
  return [{ kind: own ?? type, by: source.kind, mediaType }];
}

/** `image/tiff`, `an image by its address`: for the words of an error. */
export const describeMedia = ({ kind, by, mediaType }: MediaPiece): string =>
  by === 'base64' ? mediaType || kind : `${kind} by its ${by === 'url' ? 'address' : 'id'}`;

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/jpg', 'image/gif', 'image/webp']);
/** Of Converse (docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html, `format`). */
const CONVERSE_DOCUMENTS = new Set([
  'application/pdf',
  'text/csv',
  'text/html',
  'text/plain',
  'text/markdown',
  'application/msword',
  'application/vnd.ms-excel',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
]);
/** The same for films (API_runtime_VideoBlock.html). */
const CONVERSE_VIDEOS = new Set([
  'video/mp4',
  'video/quicktime',
  'video/webm',
  'video/x-matroska',
  'video/x-flv',
  'video/mpeg',
  'video/x-ms-wmv',
  'video/3gpp',
]);
const CONVERSE = { image: PICTURES, file: CONVERSE_DOCUMENTS, video: CONVERSE_VIDEOS };

/** What each format cannot carry; the others take what the model takes. */
const RULES: Partial<Readonly<Record<ProtocolId, (piece: MediaPiece) => boolean>>> = {
  // Bytes only: what it could fetch it would fetch with the operator's rights.
  'bedrock-converse': ({ kind, by, mediaType }) => by === 'base64' && CONVERSE[kind].has(mediaType),
  'anthropic-messages': readsOfClaude,
  'anthropic-bedrock': readsOfClaude,
  'anthropic-vertex': readsOfClaude,
  // docs.ollama.com/api/chat: `images` are bytes, and there is no place for documents.
  ollama: ({ kind, by }) => kind === 'image' && by === 'base64',
  // docs.cohere.com/reference/chat: documents are texts.
  'cohere-v2': ({ kind, by, mediaType }) =>
    kind === 'image' ? by !== 'id' : kind === 'file' && by === 'base64' && mediaType.startsWith('text/'),
};

/** docs.anthropic.com/en/docs/build-with-claude/vision: four kinds of pictures; documents are PDF or text. */
function readsOfClaude({ kind, by, mediaType }: MediaPiece): boolean {
  if (kind === 'video') return false;
  if (by !== 'base64') return true;
  return kind === 'image' ? PICTURES.has(mediaType) : mediaType === 'application/pdf' || mediaType.startsWith('text/');
}

/** Whether a format of providers has a place for a piece of media. */
export const canCarry = (protocol: ProtocolId, piece: MediaPiece): boolean => RULES[protocol]?.(piece) ?? true;
