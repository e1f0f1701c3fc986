import {createHash, randomUUID, webcrypto} from 'node:crypto';
import {mkdir, mkdtemp, readFile, rename, rm, stat, writeFile} from 'node:fs/promises';
import {homedir, tmpdir} from 'node:os';
import {basename, dirname, join, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

import {BaseClassifier} from './base-classifier.js';
import {checkDigest, useSubtle} from './digest.js';
import {downloadBundle} from './download.js';
import {WinnowError} from './errors.js';
import {bytesOf, isMultiLabel, kModelFiles} from './files.js';
import {filesToRead, infoOf, parseManifest} from './manifest.js';
import type {Manifest} from './manifest.js';
import {Model} from './model.js';
import {NativeEngine, checkNativeOptions, nativeAddon, nativeError} from './native.js';
import type {NativeOptions} from './native.js';
import {OnnxEngine, isOnnxFolder, readOnnxInfo} from './onnx.js';
import {SharedModel} from './shared.js';
import type {CommonLoadOptions, FileMap} from './types.js';
import {WasmEngine} from './wasm.js';

export interface LoadOptions extends CommonLoadOptions, NativeOptions {
  /** Default: WINNOW_ENGINE, else the native engine, and the one in WebAssembly where it can't be loaded. */
  engine?: 'auto' | 'native' | 'wasm';
  /** Where downloaded bundles are kept. Default: $XDG_CACHE_HOME/winnow or ~/.cache/winnow. */
  cacheDirectory?: string;
}

useSubtle(webcrypto.subtle as SubtleCrypto);

async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

function engineOf(options: LoadOptions): 'native' | 'wasm' {
  const asked = options.engine ?? process.env['WINNOW_ENGINE'] ?? 'auto';
  if (asked === 'native' || asked === 'wasm') return asked;
  if (asked !== 'auto' && asked !== '') {
    throw new WinnowError('InvalidArgument', `engine '${asked}' is not auto, native or wasm`, 'the engine is an option, or WINNOW_ENGINE');
  }
  return nativeAddon() instanceof WinnowError ? 'wasm' : 'native';
}

/** Refuses options of the native engine that would change predictions and that another engine does not have. */
function checkOptionsWithout(engine: string, options: LoadOptions): void {
  checkNativeOptions(options);
  const {weights, longText, foldDisguises} = options;
  const without = {weights: weights === 'float' ? weights : undefined, longText, foldDisguises};
  for (const [name, value] of Object.entries(without)) {
    if (value === undefined) continue;
    throw new WinnowError('Unsupported', `the option '${name}' is one of the native engine, but the engine is '${engine}'`,
                          nativeError()?.message ?? `leave '${name}' out, or load a bundle with {engine: 'native'}`);
  }
}

let wasmModule: Promise<WebAssembly.Module> | undefined;

/** The module of WebAssembly, compiled once. */
function wasmOfPackage(): Promise<WebAssembly.Module> {
  if (wasmModule === undefined) {
    wasmModule = readFile(fileURLToPath(new URL('../browser/winnow.wasm', import.meta.url))).then(bytes => WebAssembly.compile(bytes));
    wasmModule.catch(() => { wasmModule = undefined; });  // the next load tries again
  }
  return wasmModule;
}

async function readDirectory(directory: string, manifest: Manifest | undefined): Promise<Record<string, Uint8Array>> {
  const listed = manifest?.sha256 === undefined ? kModelFiles : ['winnow.json', ...filesToRead(manifest)];
  const files: Record<string, Uint8Array> = {};
  await Promise.all(listed.map(async name => {
    const bytes = await readFile(join(directory, name)).catch(() => undefined);
    if (bytes !== undefined) files[name] = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }));
  return files;
}

async function loadFiles(files: Record<string, Uint8Array>, manifest: Manifest | undefined, options: LoadOptions): Promise<WasmEngine> {
  checkOptionsWithout('wasm', options);
  if (options.verify !== false) {
    await Promise.all(Object.entries(files).map(([name, bytes]) => checkDigest(name, bytes, manifest?.sha256?.[name])));
  }
  return WasmEngine.load(await wasmOfPackage(), files, isMultiLabel(files));
}

async function loadDirectory(directory: string, options: LoadOptions): Promise<Model> {
  if (!await exists(directory)) {
    throw new WinnowError('NotFound', `${directory}: no such directory`, 'give the directory of a bundle that winnow train wrote');
  }
  if (await isOnnxFolder(directory)) {
    checkOptionsWithout('onnxruntime', options);
    return new Model(await OnnxEngine.load(directory, await wasmOfPackage()), await readOnnxInfo(directory), options);
  }
  const path = join(directory, 'winnow.json');
  const manifest = await exists(path) ? parseManifest(await readFile(path, 'utf8'), path) : undefined;
  const engine = engineOf(options) === 'native' ? await NativeEngine.load(directory, options)
                                                : await loadFiles(await readDirectory(directory, manifest), manifest, options);
  return new Model(engine, infoOf(manifest, basename(directory)), options);
}

/** Puts files into a directory at once: it is whole or absent. */
async function writeDirectory(directory: string, files: Record<string, Uint8Array>): Promise<void> {
  await mkdir(dirname(directory), {recursive: true});
  const unfinished = await mkdtemp(`${directory}.`);
  for (const [name, bytes] of Object.entries(files)) {
    if (name !== basename(name) || name === '..') throw new WinnowError('InvalidModel', `'${name}' is not a name of a file`);
    await writeFile(join(unfinished, name), bytes);
  }
  await rename(unfinished, directory).catch(async error => {
    await rm(unfinished, {recursive: true, force: true});
    if (!await exists(directory)) throw error;  // else another process was first
  });
}

async function loadUrl(url: string, options: LoadOptions): Promise<Model> {
  const cache = options.cacheDirectory ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'winnow');
  const files = join(cache, 'files');
  const store = {
    async get(digest: string): Promise<Uint8Array | undefined> {
      if (!/^[0-9a-f]{64}$/.test(digest)) return undefined;
      return readFile(join(files, digest)).then(bytes => new Uint8Array(bytes), () => undefined);
    },
    async put(digest: string, bytes: Uint8Array): Promise<void> {
      await mkdir(files, {recursive: true});
      const unfinished = join(files, `${digest}.${randomUUID()}`);
      try {
        await writeFile(unfinished, bytes);
        await rename(unfinished, join(files, digest));
      } catch (error) {
        await rm(unfinished, {force: true});
        throw error;
      }
    },
  };
  const verify = options.verify !== false;
  const bundle = await downloadBundle(url, verify ? store : undefined, verify, options);
  return loadMap(bundle.files, options);
}

async function loadMap(given: FileMap, options: LoadOptions): Promise<Model> {
  const files = bytesOf(given);
  const text = files['winnow.json'];
  const manifest = text === undefined ? undefined : parseManifest(new TextDecoder().decode(text), 'winnow.json');
  const info = infoOf(manifest, 'model');
  if (engineOf(options) === 'wasm') return new Model(await loadFiles(files, manifest, options), info, options);
  const directory = join(await mkdtemp(join(tmpdir(), 'winnow-')), 'model');
  try {
    await writeDirectory(directory, files);
    return new Model(await NativeEngine.load(directory, options), info, options);
  } finally {
    await rm(dirname(directory), {recursive: true, force: true});  // what is loaded needs them no more
  }
}

/** Where a model is that is named by a directory, or by a file in it: model.onnx, model.safetensors, linear.bin. */
async function directoryOf(path: string): Promise<string> {
  const whole = resolve(path);
  const about = await stat(whole).catch(() => undefined);
  if (about === undefined || about.isDirectory()) return whole;
  const directory = dirname(whole);
  // onnx/model.onnx of a bundle: the bundle itself answers, without a runtime of ONNX.
  return await exists(join(dirname(directory), 'winnow.json')) && !await exists(join(directory, 'winnow.json')) ? dirname(directory) : directory;
}

/** What tells a bundle from the one that takes its place when it is trained, calibrated or copied anew. */
async function identityOf(directory: string): Promise<string> {
  const about = await stat(join(directory, 'winnow.json')).catch(() => stat(directory)).catch(() => undefined);
  return about === undefined ? '' : `${about.ino} ${about.size} ${about.mtimeMs}`;
}

function pathOf(address: string): string {
  try {
    return fileURLToPath(address);
  } catch (error) {
    throw new WinnowError('InvalidArgument', `${address}: ${(error as Error).message}`, 'write file:///path/of/the/bundle', {cause: error});
  }
}

function digestOf(files: FileMap): string {
  const hash = createHash('sha256');
  for (const [name, data] of Object.entries(bytesOf(files))) hash.update(`${name} ${data.length} `).update(data);
  return hash.digest('hex');
}

/** Loads whatever a source names. Used by Classifier and IntentClassifier. */
export async function loadShared(source: string | URL | FileMap, options: LoadOptions): Promise<SharedModel> {
  const {onProgress, sign, signal, ...rest} = options;
  const settings = JSON.stringify([rest, process.env['WINNOW_ENGINE']]);
  if (typeof source === 'string' || source instanceof URL) {
    const text = String(source);
    if (text.startsWith('file:')) return loadShared(pathOf(text), options);
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) return SharedModel.of(`${text} ${settings}`, () => loadUrl(text, options), signal);
    const directory = await directoryOf(text);
    return SharedModel.of(`${directory} ${await identityOf(directory)} ${settings}`, () => loadDirectory(directory, options));
  }
  if (source === null || typeof source !== 'object') {
    throw new WinnowError('InvalidArgument', 'the source of a model is not a path, an address or a map of files');
  }
  return SharedModel.of(`${digestOf(source)} ${settings}`, () => loadMap(source, options));
}

/** A classifier of a bundle. Loaded once per path and options, however often it is asked for, until another bundle takes the place
 * of the first: who loads then has the new one, and who loaded before keeps the old one. */
export class Classifier extends BaseClassifier {
  /** Loads a bundle: a directory, an address (https, or s3 with `sign`), or its files. */
  static async load(source: string | URL | FileMap, options: LoadOptions = {}): Promise<Classifier> {
    return new Classifier(await loadShared(source, options));
  }
}
