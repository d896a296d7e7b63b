import { parseArgs } from 'node:util';
import { verifyReceipt } from './verify.js';

/** Where the gateway of `npm start` publishes its keys. */
export const LOCAL_KEYS = 'http://127.0.0.1:7070/api/v1/receipts/keys';

export const USAGE = 'npm run receipt:verify -- receipt.json [--keys <address or file>]';

/** 0: genuine. 1: not. 2: it could not be found out, because something could not be read. */
export type ExitCode = 0 | 1 | 2;

/** How the command reads: a file by its name, or an address. @throws Error with a sentence for people */
export type Read = (source: string) => Promise<string>;

export interface Outcome {
  readonly exitCode: ExitCode;
  readonly lines: readonly string[];
}

/** `receipt:verify`, without the process around it. */
export async function verifyCommand(argv: readonly string[], read: Read): Promise<Outcome> {
  try {
    const { file, keys } = optionsOf(argv);
    const document = parsed(file, await read(file));
    const result = verifyReceipt(document, parsed(keys, await read(keys)));
    if (!result.valid) return { exitCode: 1, lines: [`NOT VALID: ${result.problem}`] };
    const { receipt, kid } = result;
    const { generation_id: id, model, endpoint_id: endpoint, charged_nanos: charged, created_at: at } = receipt;
    return {
      exitCode: 0,
      lines: [
        `VALID: signed by ${kid} at ${receipt.issued_at}`,
        `${id} of ${at}: ${model ?? 'no model'} on ${endpoint ?? 'no endpoint'}, charged ${charged ?? 'nothing booked yet,'} nano-USD`,
      ],
    };
  } catch (error) {
    return { exitCode: 2, lines: [(error as Error).message] };
  }
}

function optionsOf(argv: readonly string[]): { readonly file: string; readonly keys: string } {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { keys: { type: 'string', default: LOCAL_KEYS } },
  });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new Error(`usage: ${USAGE}`);
  return { file, keys: values.keys };
}

function parsed(source: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Error(`${source} is not JSON`);
  }
}
