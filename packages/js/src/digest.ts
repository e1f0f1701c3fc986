import {WinnowError} from './errors.js';

let subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;

/** Sets the Web Crypto API to use, where it is not global, as in Node 18. */
export function useSubtle(given: SubtleCrypto): void { subtle = given; }

/** SHA-256 in hexadecimal digits, by the Web Crypto API. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  if (subtle === undefined) {
    throw new WinnowError('Unsupported', 'digests cannot be computed: this page has no Web Crypto API',
                          'serve the page by HTTPS (or from localhost), or load with {verify: false}');
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether bytes have a digest. */
export async function hasDigest(bytes: Uint8Array, expected: string): Promise<boolean> { return await sha256(bytes) === expected.toLowerCase(); }

export async function checkDigest(file: string, bytes: Uint8Array, expected: string | undefined): Promise<void> {
  if (expected === undefined) return;
  const found = await sha256(bytes);
  if (found === expected.toLowerCase()) return;
  throw new WinnowError('InvalidModel', `${file} has the digest ${found.slice(0, 12)}..., winnow.json has ${expected.slice(0, 12)}...`,
                        'the file was changed, or the download is of another version; get the bundle again');
}
