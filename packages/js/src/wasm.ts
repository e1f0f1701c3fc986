import {loadModel} from '../../../wasm/winnow.mjs';
import type {WasmModel, WasmPrediction} from '../../../wasm/winnow.mjs';

import {WinnowError} from './errors.js';
import type {Engine, RawOptions, RawPrediction} from './types.js';

/** The engine in WebAssembly, in this thread. */
export class WasmEngine implements Engine {
  readonly kind = 'wasm';
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
  readonly #model: WasmModel;
  readonly #ids: Map<string, number>;

  private constructor(model: WasmModel, multiLabel: boolean) {
    this.#model = model;
    this.labels = model.labels;
    this.multiLabel = multiLabel;
    this.#ids = new Map(this.labels.map((label, id) => [label, id]));
  }

  static async load(module: WebAssembly.Module, files: Record<string, Uint8Array>, multiLabel: boolean): Promise<WasmEngine> {
    try {
      return new WasmEngine(await loadModel(module, files), multiLabel);
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

  #one(text: string, options: RawOptions): RawPrediction {
    const found = this.#predict(text, options);
    return {
      label: found.outOfScope ? -1 : this.#ids.get(found.label) ?? -1,
      outOfScopeLabel: found.label,
      score: found.score,
      confidence: found.confidence,
      abstained: found.abstained,
      outOfScope: found.outOfScope,
      decided: this.multiLabel ? found.labels : undefined,
      ids: Int32Array.from(found.scores, one => this.#ids.get(one.label) as number),
      scores: Float32Array.from(found.scores, one => one.score),
    };
  }

  #predict(text: string, {mode, threshold}: RawOptions): WasmPrediction {
    try {
      return this.#model.classify(text, {mode, threshold});
    } catch (error) {
      const code = error instanceof WebAssembly.RuntimeError ? 'Internal' : 'InvalidArgument';
      throw new WinnowError(code, (error as Error).message, '', {cause: error});
    }
  }

  release(): void { this.#model.release(); }
}
