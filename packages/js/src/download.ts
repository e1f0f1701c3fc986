import {checkDigest, hasDigest, sha256} from './digest.js';
import {WinnowError} from './errors.js';
import {filesToRead, parseManifest} from './manifest.js';
import type {Manifest} from './manifest.js';
import type {DownloadOptions} from './types.js';

/** Keeps files by their digests between runs. */
export interface FileStore {
  get(digest: string): Promise<Uint8Array | undefined>;
  put(digest: string, bytes: Uint8Array): Promise<void>;
}

export interface DownloadedBundle {
  manifest: Manifest;
  files: Record<string, Uint8Array>;
  /** Digest of winnow.json, which names the version of every file. */
  digest: string;
}

function failed(url: string, error: unknown, options: DownloadOptions): never {
  if (options.signal?.aborted) throw new WinnowError('Cancelled', `${url}: the download was cancelled`, '', {cause: error});
  throw new WinnowError('Network', `${url}: ${(error as Error).message}`, 'is the address right, and is it reachable?', {cause: error});
}

async function request(url: string, options: DownloadOptions): Promise<Response> {
  const signed = options.sign === undefined ? url : await options.sign(url);
  const address = typeof signed === 'string' ? signed : signed.url;
  if (!/^(?:https?|file|data|blob|chrome-extension|moz-extension):/.test(address)) {
    throw new WinnowError('Unsupported', `${url}: fetch cannot read this kind of address`,
                          'pass {sign: url => ...}, which returns an https address or a Request with the headers of your store');
  }
  const response = await fetch(signed, options.signal === undefined ? {} : {signal: options.signal}).catch(error => failed(url, error, options));
  if (response.ok) return response;
  throw new WinnowError(response.status === 404 ? 'NotFound' : 'Network', `${url}: the server answers ${response.status}`,
                        'the address is that of a bundle, a directory with winnow.json');
}

/** Downloads a file, with its progress. */
export async function download(url: string, file: string, options: DownloadOptions): Promise<Uint8Array> {
  const response = await request(url, options);
  return bodyOf(response, file, options).catch(error => failed(url, error, options));
}

async function bodyOf(response: Response, file: string, options: DownloadOptions): Promise<Uint8Array> {
  const total = Number(response.headers.get('content-length') ?? 0);
  if (response.body === null || options.onProgress === undefined) return new Uint8Array(await response.arrayBuffer());
  const parts: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    loaded += part.value.length;
    options.onProgress({file, loaded, total: Math.max(total, loaded)});
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Downloads the files of a bundle that classification reads, except those that the store has, and checks them. */
export async function downloadBundle(url: string, store: FileStore | undefined, verify: boolean,
                                     options: DownloadOptions): Promise<DownloadedBundle> {
  const base = url.endsWith('/') ? url : `${url}/`;
  const text = await download(`${base}winnow.json`, 'winnow.json', options);
  const manifest = parseManifest(new TextDecoder().decode(text), `${base}winnow.json`);
  const files: Record<string, Uint8Array> = {'winnow.json': text};
  await Promise.all(filesToRead(manifest).map(async file => {
    const digest = manifest.sha256?.[file] as string;
    const kept = await store?.get(digest);
    if (kept !== undefined && await hasDigest(kept, digest)) {
      files[file] = kept;
      return;
    }
    const bytes = await download(base + file, file, options);  // also in place of a file that was damaged in the store
    if (verify) await checkDigest(file, bytes, digest);
    files[file] = bytes;
    // A store that is full or must not be written costs another download, not the model.
    if (verify) await store?.put(digest, bytes).catch(() => undefined);
  }));
  return {manifest, files, digest: verify ? await sha256(text) : ''};
}
