import {BaseClassifier} from './base-classifier.js';
import {checkDigest} from './digest.js';
import {downloadBundle} from './download.js';
import type {FileStore} from './download.js';
import {WinnowError} from './errors.js';
import {bytesOf, isMultiLabel} from './files.js';
import {infoOf, parseManifest} from './manifest.js';
import type {Manifest} from './manifest.js';
import {Model} from './model.js';
import {SharedModel} from './shared.js';
import type {CommonLoadOptions, FileMap} from './types.js';
import {WasmEngine} from './wasm.js';
import {WorkerEngine} from './worker-engine.js';

export {WinnowError} from './errors.js';
export type {WinnowErrorCode} from './errors.js';
export type {ClassifyOptions, CommonLoadOptions, DownloadOptions, FileMap, LabelConfidence, LabelNames, Mode, Prediction, Progress, Signer} from './types.js';

export interface LoadOptions extends CommonLoadOptions {
  /** Address of worker.js of this package, where a bundler does not find it; false: classify in this thread, as in service
   * workers, which have no workers of their own. */
  worker?: string | URL | false;
  /** Address of winnow.wasm of this package, where a bundler does not find it; or the module itself, where it is imported, as in Cloudflare
   * Workers. */
  wasm?: string | URL | WebAssembly.Module;
  /** False: do not keep files in the Cache API. */
  cache?: boolean;
}

const kCache = 'winnow-1';

/** Files by their digests in the Cache API; nothing where there is none, or no room. */
function cacheStore(): FileStore | undefined {
  if (typeof caches === 'undefined') return undefined;
  const name = (digest: string): string => `https://winnow.invalid/${digest}`;
  return {
    async get(digest) {
      const found = await caches.open(kCache).then(cache => cache.match(name(digest))).catch(() => undefined);
      return found === undefined ? undefined : new Uint8Array(await found.arrayBuffer());
    },
    async put(digest, bytes) {
      await caches.open(kCache).then(cache => cache.put(name(digest), new Response(bytes as Uint8Array<ArrayBuffer>))).catch(() => undefined);
    },
  };
}

const modules = new Map<string, Promise<WebAssembly.Module>>();

async function compile(address: string): Promise<WebAssembly.Module> {
  const response = await fetch(address);
  if (!response.ok) {
    throw new WinnowError('NotFound', `${address}: the server answers ${response.status}`, 'serve winnow.wasm of the package, or say where it is: {wasm: url}');
  }
  if (response.headers.get('content-type')?.startsWith('application/wasm')) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

function moduleOf(given: string | URL | WebAssembly.Module | undefined): Promise<WebAssembly.Module> {
  if (given instanceof WebAssembly.Module) return Promise.resolve(given);
  const address = String(given ?? new URL('./winnow.wasm', import.meta.url));
  let found = modules.get(address);
  if (found === undefined) {
    found = compile(address);
    modules.set(address, found);
    found.catch(() => modules.delete(address));
  }
  return found;
}

function workerOf(given: string | URL | undefined): Worker {
  if (given !== undefined) return new Worker(given, {type: 'module'});
  return new Worker(new URL('./worker.js', import.meta.url), {type: 'module'});
}

async function filesOf(source: string | FileMap, options: LoadOptions): Promise<{files: Record<string, Uint8Array>; manifest: Manifest | undefined}> {
  const verify = options.verify !== false;
  if (typeof source === 'string') return downloadBundle(source, verify && options.cache !== false ? cacheStore() : undefined, verify, options);
  // Copies, which can be handed to the worker.
  const files = Object.fromEntries(Object.entries(bytesOf(source)).map(([name, bytes]) => [name, new Uint8Array(bytes)]));
  const text = files['winnow.json'];
  const manifest = text === undefined ? undefined : parseManifest(new TextDecoder().decode(text), 'winnow.json');
  if (verify) await Promise.all(Object.entries(files).map(([name, bytes]) => checkDigest(name, bytes, manifest?.sha256?.[name])));
  return {files, manifest};
}

async function loadModel(source: string | FileMap, options: LoadOptions): Promise<Model> {
  const [module, {files, manifest}] = await Promise.all([moduleOf(options.wasm), filesOf(source, options)]);
  const multiLabel = isMultiLabel(files);
  const engine = options.worker === false || typeof Worker === 'undefined'
                     ? await WasmEngine.load(module, files, multiLabel)
                     : await WorkerEngine.load(workerOf(options.worker), {module, files, multiLabel});
  return new Model(engine, infoOf(manifest, 'model'), options);
}

function addressOf(source: string | URL): string {
  try {
    return new URL(String(source), globalThis.location?.href).href;
  } catch (error) {
    throw new WinnowError('InvalidArgument', `'${String(source)}' is not a whole address, and there is no page that it could be relative to`,
                          'write it with https://', {cause: error});
  }
}

/** A classifier of a bundle, in a worker of its own. Loaded once per address and options. */
export class Classifier extends BaseClassifier {
  /** Loads a bundle from its address (the directory of winnow.json), or of its files. */
  static async load(source: string | URL | FileMap, options: LoadOptions = {}): Promise<Classifier> {
    if (source === null || (typeof source !== 'string' && typeof source !== 'object')) {
      throw new WinnowError('InvalidArgument', 'the source of a model is not an address or a map of files');
    }
    if (typeof source !== 'string' && !(source instanceof URL)) return new Classifier(await SharedModel.of(undefined, () => loadModel(source, options)));
    const address = addressOf(source);
    const {onProgress, sign, signal, ...rest} = options;
    return new Classifier(await SharedModel.of(`${address} ${JSON.stringify(rest)}`, () => loadModel(address, options), signal));
  }
}
