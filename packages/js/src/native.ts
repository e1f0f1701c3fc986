import {createRequire} from 'node:module';
import {existsSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

import {WinnowError} from './errors.js';
import type {Engine, Mode, RawOptions, RawPrediction} from './types.js';

interface NativeResults {
  label: Int32Array;
  score: Float32Array;
  confidence: Float32Array;
  flags: Uint8Array;
  ids: Int32Array;
  scores: Float32Array;
  outOfScopeLabel?: string;
  decided?: Array<string[] | undefined>;
}

interface Addon {
  version: string;
  load(path: string, options: Record<string, number>): Promise<object>;
  info(model: object): {labels: string[]; multiLabel: boolean};
  classify(model: object, texts: readonly string[], mode: number, threshold: number, abstainBelow: number): Promise<NativeResults>;
  classifySync(model: object, texts: readonly string[], mode: number, threshold: number, abstainBelow: number): NativeResults;
  release(model: object): void;
  fold(text: string): string;
}

export interface NativeOptions {
  /** Number of threads that a call may use; 0: all cores. */
  threads?: number;
  weights?: 'auto' | 'float' | 'int8';
  longText?: 'head' | 'head+tail' | 'windows';
  foldDisguises?: boolean;
  verify?: boolean;
}

const kModes: Record<Mode, number> = {moderate: 0, strict: 1, lenient: 2};
const kWeights = ['auto', 'float', 'int8'];
const kLongTexts = [undefined, 'head', 'head+tail', 'windows'];

let addon: Addon | WinnowError | undefined;

/** The addon of this system, or why there is none. */
export function nativeAddon(): Addon | WinnowError {
  if (addon !== undefined) return addon;
  const file = fileURLToPath(new URL(`../../prebuilds/${process.platform}-${process.arch}/winnow.node`, import.meta.url));
  try {
    if (!existsSync(file)) throw new Error(`there is no addon for ${process.platform}-${process.arch}`);
    addon = createRequire(import.meta.url)(file) as Addon;
  } catch (error) {
    addon = new WinnowError('Unsupported', `the native engine cannot be loaded: ${(error as Error).message}`,
                            'the WebAssembly engine is used unless WINNOW_ENGINE=native', {cause: error});
  }
  return addon;
}

/** Why the native engine cannot be used here, or undefined if it can. */
export function nativeError(): WinnowError | undefined {
  const found = nativeAddon();
  return found instanceof WinnowError ? found : undefined;
}

function number<T>(values: readonly T[], value: T, name: string): number {
  const found = values.indexOf(value);
  if (found < 0) throw new WinnowError('InvalidArgument', `${name} '${String(value)}' is not one of ${values.filter(Boolean).join(', ')}`);
  return found;
}

/** Refuses values that an option does not have. */
export function checkNativeOptions({threads = 0, weights = 'auto', longText}: NativeOptions): {weights: number; longText: number} {
  if (!(Number.isInteger(threads) && threads >= 0 && threads < 2 ** 31)) {
    throw new WinnowError('InvalidArgument', `threads ${String(threads)} is not a number of threads`, '0 uses all cores');
  }
  return {weights: number(kWeights, weights, 'weights'), longText: number(kLongTexts, longText, 'longText')};
}

/** The native engine, whose calls run on libuv's thread pool. */
export class NativeEngine implements Engine {
  readonly kind = 'native';
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
  readonly #addon: Addon;
  readonly #model: object;

  private constructor(loaded: Addon, model: object) {
    this.#addon = loaded;
    this.#model = model;
    const info = loaded.info(model);
    this.labels = info.labels;
    this.multiLabel = info.multiLabel;
  }

  static async load(directory: string, options: NativeOptions): Promise<NativeEngine> {
    const found = nativeAddon();
    if (found instanceof WinnowError) throw found;
    const {threads = 0, foldDisguises, verify = true} = options;
    try {
      return new NativeEngine(found, await found.load(directory, {
        threads,
        ...checkNativeOptions(options),
        foldDisguises: foldDisguises === undefined ? 0 : foldDisguises ? 2 : 1,
        skipVerify: verify ? 0 : 1,
      }));
    } catch (error) {
      throw WinnowError.of(error, 'InvalidModel');
    }
  }

  async classify(texts: readonly string[], {mode, threshold}: RawOptions): Promise<RawPrediction[]> {
    return this.#unpacked(await this.#addon.classify(this.#model, texts, kModes[mode], threshold ?? 0, 0), texts.length);
  }

  classifySync(texts: readonly string[], {mode, threshold}: RawOptions): RawPrediction[] {
    return this.#unpacked(this.#addon.classifySync(this.#model, texts, kModes[mode], threshold ?? 0, 0), texts.length);
  }

  #unpacked(results: NativeResults, count: number): RawPrediction[] {
    const labels = this.labels.length;
    return Array.from({length: count}, (_, i) => ({
      label: results.label[i] as number,
      outOfScopeLabel: results.outOfScopeLabel ?? '',
      score: results.score[i] as number,
      confidence: results.confidence[i] as number,
      abstained: ((results.flags[i] as number) & 1) !== 0,
      outOfScope: ((results.flags[i] as number) & 2) !== 0,
      decided: results.decided?.[i],
      // Copies for single texts of a batch, so that a cached prediction does not keep the whole batch.
      ids: count === 1 ? results.ids : results.ids.slice(i * labels, (i + 1) * labels),
      scores: count === 1 ? results.scores : results.scores.slice(i * labels, (i + 1) * labels),
    }));
  }

  release(): void { this.#addon.release(this.#model); }
}
