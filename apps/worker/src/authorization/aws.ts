import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import { NotAuthorized } from './types.js';
import type { Authorizer } from './types.js';

type Settings = Readonly<Record<string, string>>;

/**
 * AWS Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html), made by AWS's own code. The signature covers
 * method, path, query, host, content type, time and the digest of the body, and is valid for some minutes.
 * @param now for tests
 */
export function createAwsAuthorizer(service: string, settings: Settings, now = () => new Date()): Authorizer {
  const { region, accessKeyId, secretAccessKey, sessionToken } = settings;
  if (!region || !accessKeyId || !secretAccessKey)
    return () => Promise.reject(new NotAuthorized('region, accessKeyId and secretAccessKey must be given'));
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    region,
    service,
    sha256: Hash.bind(null, 'sha256'),
  });
  return async ({ method, url, headers, body }) => {
    const { protocol, host, hostname, pathname, searchParams } = new URL(url);
    const signed = await signer.sign(
      {
        method,
        protocol,
        hostname,
        path: pathname,
        query: Object.fromEntries(searchParams),
        headers: { host, 'content-type': headers['content-type'] ?? '' },
        body,
      },
      { signingDate: now() },
    );
    const { host: _host, 'content-type': _type, ...added } = signed.headers;
    return added;
  };
}
