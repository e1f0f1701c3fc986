import {readFile} from 'node:fs/promises';

import {loadShared} from './classifier.js';
import type {LoadOptions} from './classifier.js';
import {WinnowError} from './errors.js';
import {parseJson} from './manifest.js';
import type {SharedModel} from './shared.js';
import type {ClassifyOptions, FileMap, LabelNames, Prediction} from './types.js';

export interface IntentPrediction {
  intent: string;
  /** Probability of the intent. */
  confidence: number;
  /** The intents with their probabilities, the most probable first. */
  all: Array<{intent: string; confidence: number}>;
}

function intentOf(prediction: Prediction): IntentPrediction {
  return {
    intent: prediction.label,
    confidence: prediction.confidence,
    all: prediction.all.map(({label, confidence}) => ({intent: label, confidence})),
  };
}

/** Recognises intents: a classifier under the names that assistants use. */
export class IntentClassifier {
  #shared: SharedModel | undefined;

  /** Loads a model and returns its classifier. */
  static async load(modelPath: string | URL | FileMap, labels?: string | LabelNames, options: LoadOptions = {}): Promise<IntentClassifier> {
    const classifier = new IntentClassifier();
    await classifier.load(modelPath, labels, options);
    return classifier;
  }

  /** Loads a model: a bundle, or a file in it, such as model.onnx. `labels` names a JSON file with an array or a map of the
   * labels, or is one. */
  async load(modelPath: string | URL | FileMap, labels?: string | LabelNames, options: LoadOptions = {}): Promise<void> {
    let names = labels;
    if (typeof names === 'string') {
      const file = names;
      const text = await readFile(file, 'utf8').catch(error => {
        throw new WinnowError('NotFound', `${file}: ${(error as Error).message}`, 'leave the labels out: a bundle has its own');
      });
      names = parseJson<LabelNames>(text, file);
    }
    const shared = await loadShared(modelPath, names === undefined ? options : {...options, labels: names});
    this.#shared?.release();
    this.#shared = shared;
  }

  get isLoaded(): boolean { return this.#shared !== undefined; }
  get intents(): readonly string[] { return this.#live.labels; }

  async classify(text: string, options: ClassifyOptions = {}): Promise<IntentPrediction> {
    return intentOf(await this.#live.classify(text, options));
  }

  async classifyBatch(texts: readonly string[], options: ClassifyOptions = {}): Promise<IntentPrediction[]> {
    return (await this.#live.classifyMany(texts, options)).map(intentOf);
  }

  release(): void {
    this.#shared?.release();
    this.#shared = undefined;
  }

  get #live(): SharedModel['model'] {
    if (this.#shared === undefined) throw new WinnowError('InvalidArgument', 'no model is loaded', 'call load(modelPath) first');
    return this.#shared.live;
  }
}
