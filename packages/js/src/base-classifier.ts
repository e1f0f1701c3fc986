/// <reference lib="esnext.disposable" preserve="true" />
import type {SharedModel} from './shared.js';
import type {ClassifyOptions, Mode, Prediction} from './types.js';

/** What classifiers are in Node and in browsers, apart from how they are loaded. */
export class BaseClassifier {
  readonly #shared: SharedModel;

  protected constructor(shared: SharedModel) { this.#shared = shared; }

  /** The labels by id. */
  get labels(): readonly string[] { return this.#shared.model.labels; }
  get name(): string { return this.#shared.model.info.name; }
  /** Version of the model; '' for a model without winnow.json. */
  get version(): string { return this.#shared.model.info.version; }
  /** The label that scores and thresholds refer to, or ''. */
  get positiveLabel(): string { return this.#shared.model.info.positiveLabel; }
  /** The decision threshold of each mode: .3, .5 and .7 unless `winnow calibrate --max-fpr` has moved them. */
  get thresholds(): Readonly<Record<Mode, number>> { return this.#shared.model.info.thresholds; }
  get multiLabel(): boolean { return this.#shared.model.multiLabel; }
  /** 'native', 'wasm' or 'onnxruntime'. */
  get engine(): string { return this.#shared.model.engine; }
  /** How often the engine was called, and how many texts the cache answered. */
  get statistics(): {calls: number; hits: number} { return this.#shared.model.statistics; }

  /** Classifies a text, or many; texts of calls at the same time are classified together. */
  classify(text: string, options?: ClassifyOptions): Promise<Prediction>;
  classify(texts: readonly string[], options?: ClassifyOptions): Promise<Prediction[]>;
  classify(given: string | readonly string[], options?: ClassifyOptions): Promise<Prediction | Prediction[]>;
  async classify(given: string | readonly string[], options: ClassifyOptions = {}): Promise<Prediction | Prediction[]> {
    const model = this.#shared.live;
    return Array.isArray(given) ? model.classifyMany(given, options) : model.classify(given as string, options);
  }

  /** Classifies in the calling thread, past queue and cache: for linear models, which take microseconds, and for scripts. */
  classifySync(text: string, options?: ClassifyOptions): Prediction;
  classifySync(texts: readonly string[], options?: ClassifyOptions): Prediction[];
  classifySync(given: string | readonly string[], options?: ClassifyOptions): Prediction | Prediction[];
  classifySync(given: string | readonly string[], options: ClassifyOptions = {}): Prediction | Prediction[] {
    const model = this.#shared.live;
    if (Array.isArray(given)) return model.classifySync(given, options);
    return model.classifySync([given as string], options)[0] as Prediction;
  }

  /** Releases the model, once all that share it have. */
  release(): void { this.#shared.release(); }
  [Symbol.dispose](): void { this.release(); }
}
