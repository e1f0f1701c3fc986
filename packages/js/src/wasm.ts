import {loadModel} from '../../../wasm/winnow.mjs';
import type {WasmModel} from '../../../wasm/winnow.mjs';

import {decide} from './decide.js';
import {WinnowError} from './errors.js';
import type {Manifest} from './manifest.js';
import type {Engine, RawOptions, RawPrediction} from './types.js';

/** The engine in WebAssembly, in this thread. */
export class WasmEngine implements Engine {
  readonly kind = 'wasm';
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
  readonly #model: WasmModel;
  readonly #manifest: Manifest | undefined;
  readonly #ids: Map<string, number>;
  readonly #positive: number;

  private constructor(model: WasmModel, manifest: Manifest | undefined, multiLabel: boolean) {
    this.#model = model;
    this.#manifest = manifest;
    this.labels = model.labels;
    this.multiLabel = multiLabel;
    this.#ids = new Map(this.labels.map((label, id) => [label, id]));
    this.#positive = this.labels.indexOf(manifest?.positive_label ?? '');
  }

  static async load(module: WebAssembly.Module, files: Record<string, Uint8Array>, manifest: Manifest | undefined,
                    multiLabel: boolean): Promise<WasmEngine> {
    try {
      return new WasmEngine(await loadModel(module, files), manifest, multiLabel);
    } catch (error) {
      throw new WinnowError('InvalidModel', (error as Error).message, '', {cause: error});
    }
  }

  async classify(texts: readonly string[], options: RawOptions): Promise<RawPrediction[]> {
    return this.classifySync(texts, options);
  }

  classifySync(texts: readonly string[], options: RawOptions): RawPrediction[] {
    return texts.map(text => this.#one(text, options));
  }

  #one(text: string, {mode, threshold}: RawOptions): RawPrediction {
    const found = this.#model.classify(text, {mode});
    const ids = Int32Array.from(found.scores, one => this.#ids.get(one.label) as number);
    const scores = Float32Array.from(found.scores, one => one.score);
    const raw: RawPrediction = {
      label: found.outOfScope ? -1 : this.#ids.get(found.label) ?? -1,
      outOfScopeLabel: found.label,
      score: found.score,
      confidence: found.confidence,
      abstained: found.abstained,
      outOfScope: found.outOfScope ?? false,
      decided: this.multiLabel ? found.labels : undefined,
      ids,
      scores,
    };
    return threshold === undefined ? raw : this.#decidedBy(threshold, mode, raw);
  }

  #decidedBy(threshold: number, mode: RawOptions['mode'], raw: RawPrediction): RawPrediction {
    const values = new Float32Array(this.labels.length);
    raw.ids.forEach((id, i) => { values[id] = raw.scores[i] as number; });
    if (!this.multiLabel && this.#positive < 0) {
      throw new WinnowError('InvalidArgument', 'a threshold applies to models with a positive label, and this one has none', 'leave threshold out');
    }
    const decision = decide(values, threshold, this.#positive, this.multiLabel);
    return {
      ...raw,
      label: raw.outOfScope ? -1 : decision.label < 0 ? raw.ids[0] as number : decision.label,
      score: decision.score,
      confidence: decision.confidence,
      abstained: decision.confidence < Math.fround(this.#manifest?.abstain?.below?.[mode] ?? 0),
      decided: this.multiLabel ? decision.decided.map(id => this.labels[id] as string) : undefined,
    };
  }

  release(): void { this.#model.release(); }
}
