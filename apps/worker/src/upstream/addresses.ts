import { joinUrl } from '@switchyard/providers';

export interface Address {
  readonly url: string;
  /** Path and query of the same. */
  readonly path: string;
}

/** A worker asks a few addresses again and again; those with the model in their path are as many as its models. */
const MAX_REMEMBERED = 10_000;
const remembered = new Map<string, Address>();

/** {@link joinUrl}, once for each address. */
export function addressOf(baseUrl: string, basePath: string, path: string): Address {
  const key = `${baseUrl}\n${basePath}\n${path}`;
  let address = remembered.get(key);
  if (!address) {
    const url = joinUrl(baseUrl, basePath, path);
    const { pathname, search } = new URL(url);
    address = { url, path: pathname + search };
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, address);
  }
  return address;
}
