import {Batcher} from './batcher.js';
import {LruCache} from './cache.js';
import {WinnowError} from './errors.js';
import {defaultPositiveLabel, labelNames} from './labels.js';
import type {ClassifyOptions, CommonLoadOptions, Engine, Mode, Prediction, RawOptions, RawPrediction} from './types.js';

const kModes: readonly Mode[] = ['strict', 'moderate', 'lenient'];
const kLongestCached = 4096;
const kMostQueued = 8192;  // texts of one call that wait at a time, so that queueing them never takes long

/** What winnow.json says of a model besides how it computes. */
export interface ModelInfo {
  name: string;
  version: string;
  /** The label that scores and thresholds refer to, or ''; undefined: by the names of the labels. */
  positiveLabel: string | undefined;
  /** The decision threshold of each mode. */
  thresholds: Readonly<Record<Mode, number>>;
}

function checked(options: ClassifyOptions): RawOptions {
  if (options === null || typeof options !== 'object') {
    throw new WinnowError('InvalidArgument', `the options are ${options === null ? 'null' : `'${String(options)}'`}, expected an object`, "write {mode: 'strict'}");
  }
  const {mode = 'moderate', threshold, topK} = options;
  if (!kModes.includes(mode)) {
    throw new WinnowError('InvalidArgument', `mode '${String(mode)}' is not strict, moderate or lenient`);
  }
  if (threshold !== undefined && !(typeof threshold === 'number' && Math.fround(threshold) > 0 && Math.fround(threshold) < 1)) {
    const given = typeof threshold === 'number' ? String(threshold) : `'${String(threshold)}'`;
    throw new WinnowError('InvalidArgument', `threshold ${given} is not a number more than 0 and less than 1`);
  }
  if (topK !== undefined && !(Number.isInteger(topK) && topK > 0)) {
    throw new WinnowError('InvalidArgument', `topK ${topK} is not a positive integer`);
  }
  return {mode, threshold};
}

function checkTexts(texts: readonly string[]): void {
  const wrong = texts.findIndex(text => typeof text !== 'string');
  if (wrong < 0) return;
  throw new WinnowError('InvalidArgument', `text ${wrong} is ${texts[wrong] === null ? 'null' : typeof texts[wrong]}, expected a string`);
}

/** A loaded model with its queue and its cache: what Classifier is in Node and in browsers. */
export class Model {
  readonly info: ModelInfo & {positiveLabel: string};
  readonly labels: readonly string[];
  readonly #engine: Engine;
  readonly #batcher: Batcher;
  readonly #cache: LruCache<RawPrediction>;

  constructor(engine: Engine, info: ModelInfo, options: CommonLoadOptions) {
    this.#engine = engine;
    this.#batcher = new Batcher(engine);
    this.#cache = new LruCache(options.cacheSize ?? 1000);
    try {
      this.labels = options.labels === undefined ? [...engine.labels] : labelNames(options.labels);
      if (this.labels.length !== engine.labels.length) {
        throw new WinnowError('InvalidArgument', `${this.labels.length} labels are given, the model has ${engine.labels.length}`);
      }
    } catch (error) {
      engine.release();  // which nobody else could
      throw error;
    }
    const positive = info.positiveLabel ?? defaultPositiveLabel(engine.labels);
    this.info = {...info, positiveLabel: this.#rename(positive)};
  }

  get engine(): string { return this.#engine.kind; }
  get multiLabel(): boolean { return this.#engine.multiLabel; }
  /** Calls of the engine and answers of the cache so far. */
  get statistics(): {calls: number; hits: number} { return {calls: this.#batcher.calls, hits: this.#cache.hits}; }

  async classify(text: string, options: ClassifyOptions): Promise<Prediction> {
    const raw = checked(options);
    if (typeof text !== 'string') throw new WinnowError('InvalidArgument', `a text is ${text === null ? 'null' : typeof text}, expected a string`);
    return new Promise((resolve, reject) => {
      this.#ask(text, raw, found => resolve(this.#named(found, options.topK)), error => reject(WinnowError.of(error)));
    });
  }

  async classifyMany(given: readonly string[], options: ClassifyOptions): Promise<Prediction[]> {
    const raw = checked(options), texts = given.slice();  // which the caller may change meanwhile
    checkTexts(texts);
    const predictions = new Array<Prediction>(texts.length);
    for (let begin = 0; begin < texts.length; begin += kMostQueued) {
      await this.#fill(predictions, texts, begin, Math.min(begin + kMostQueued, texts.length), raw, options.topK);
    }
    return predictions;
  }

  /** Has the texts from `begin` to before `end` answered. */
  #fill(predictions: Prediction[], texts: readonly string[], begin: number, end: number, raw: RawOptions, topK: number | undefined): Promise<void> {
    let left = end - begin;
    return new Promise((resolve, reject) => {
      for (let i = begin; i < end; ++i) {
        this.#ask(texts[i] as string, raw, found => {
          predictions[i] = this.#named(found, topK);
          if (--left === 0) resolve();
        }, error => reject(WinnowError.of(error)));
      }
    });
  }

  /** Has a text answered by the cache, or by the engine. */
  #ask(text: string, raw: RawOptions, answer: (found: RawPrediction) => void, fail: (error: unknown) => void): void {
    const key = !this.#cache.keeps || text.length > kLongestCached ? undefined : `${raw.mode} ${raw.threshold} ${text}`;
    const kept = key === undefined ? undefined : this.#cache.get(key);
    if (kept !== undefined) return answer(kept);
    this.#batcher.submit(text, raw, found => {
      if (key !== undefined) this.#cache.set(key, found);
      answer(found);
    }, fail);
  }

  classifySync(texts: readonly string[], options: ClassifyOptions): Prediction[] {
    if (this.#engine.classifySync === undefined) {
      throw new WinnowError('Unsupported', `the engine '${this.engine}' has no synchronous call`, 'use classify');
    }
    const raw = checked(options);
    checkTexts(texts);
    try {
      return this.#engine.classifySync(texts, raw).map(found => this.#named(found, options.topK));
    } catch (error) {
      throw WinnowError.of(error);
    }
  }

  release(): void { this.#engine.release(); }

  /** The name of a label by the engine's name of it. */
  #rename(label: string): string {
    const id = this.#engine.labels.indexOf(label);
    return id < 0 ? label : this.labels[id] as string;
  }

  #named(raw: RawPrediction, topK: number | undefined): Prediction {
    const count = Math.min(topK ?? raw.ids.length, raw.ids.length);
    const all = new Array<Prediction['all'][number]>(count);
    for (let i = 0; i < count; ++i) all[i] = {label: this.labels[raw.ids[i] as number] as string, confidence: raw.scores[i] as number};
    const prediction: Prediction = {
      label: raw.label < 0 ? raw.outOfScopeLabel : this.labels[raw.label] as string,
      confidence: raw.confidence,
      score: raw.score,
      abstained: raw.abstained,
      outOfScope: raw.outOfScope,
      all,
    };
    if (this.multiLabel) prediction.labels = (raw.decided ?? []).map(label => this.#rename(label));
    return prediction;
  }
}
