import {readFile, readdir, stat} from 'node:fs/promises';
import {basename, join} from 'node:path';

import {loadTokenizer} from '../../../wasm/winnow.mjs';
import type {WasmTokenizer} from '../../../wasm/winnow.mjs';

import {decide} from './decide.js';
import {WinnowError} from './errors.js';
import {labelNames, defaultPositiveLabel} from './labels.js';
import {kModelFiles} from './files.js';
import {kThresholds, parseJson} from './manifest.js';
import type {ModelInfo} from './model.js';
import type {Engine, LabelNames, Mode, RawOptions, RawPrediction} from './types.js';

/** What is read of model_metadata.json, or of config.json of an export by optimum. */
interface Metadata {
  name?: string;
  version?: string;
  labels?: LabelNames;
  id2label?: LabelNames;
  positive_label?: string;
  problem_type?: string;
  max_length?: number;
  max_position_embeddings?: number;
  temperature?: number;
  thresholds?: Partial<Record<Mode, number>>;
}

interface Tensor {
  data: Float32Array;
  dims: readonly number[];
}

/** What this package uses of onnxruntime-node. */
interface Runtime {
  Tensor: new (type: string, data: BigInt64Array, dims: number[]) => Tensor;
  InferenceSession: {
    create(path: string): Promise<Session>;
  };
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(inputs: Record<string, Tensor>): Promise<Record<string, Tensor>>;
  release?(): Promise<void>;
}

const kModels = ['model_quantized.onnx', 'model.onnx', 'onnx/model_quantized.onnx', 'onnx/model.onnx'];

async function firstOf(directory: string, names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    if (await stat(join(directory, name)).then(() => true, () => false)) return join(directory, name);
  }
  return undefined;
}

/** True for a folder whose model is in ONNX alone: an export by optimum, or model.onnx with model_metadata.json beside it. */
export async function isOnnxFolder(directory: string): Promise<boolean> {
  const own = await firstOf(directory, ['winnow.json', 'linear.bin', 'model.safetensors', 'model_int8.safetensors', 'pytorch_model.bin']);
  return own === undefined && await firstOf(directory, kModels) !== undefined;
}

async function metadataOf(directory: string): Promise<Metadata> {
  const read = async (name: string): Promise<Metadata> => {
    const text = await readFile(join(directory, name), 'utf8').catch(() => undefined);
    return text === undefined ? {} : parseJson<Metadata>(text, join(directory, name));
  };
  const [config, labels, metadata] = await Promise.all([read('config.json'), read('labels.json'), read('model_metadata.json')]);
  const names = metadata.labels ?? (Object.keys(labels).length > 0 ? labels as unknown as LabelNames : config.id2label);
  return {...config, ...metadata, ...(names === undefined ? {} : {labels: names})};
}

export async function readOnnxInfo(directory: string): Promise<ModelInfo> {
  const metadata = await metadataOf(directory);
  return {name: metadata.name ?? basename(directory), version: metadata.version ?? '', positiveLabel: metadata.positive_label,
          thresholds: {...kThresholds, ...metadata.thresholds}};
}

async function runtime(): Promise<Runtime> {
  const name = 'onnxruntime-node';
  try {
    const loaded = await import(/* @vite-ignore */ name) as Runtime & {default?: Runtime};
    return loaded.default ?? loaded;
  } catch (error) {
    throw new WinnowError('Unsupported', 'the model is in ONNX, and onnxruntime-node is not installed',
                          'npm install onnxruntime-node; or train with Winnow, whose bundles need no runtime', {cause: error});
  }
}

/** A model in ONNX, run by onnxruntime-node; its tokenizer is Winnow's. */
export class OnnxEngine implements Engine {
  readonly kind = 'onnxruntime';
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
  readonly #runtime: Runtime;
  readonly #session: Session;
  readonly #tokenizer: WasmTokenizer;
  readonly #metadata: Metadata;
  readonly #positive: number;
  readonly #maxLength: number;

  private constructor(loaded: Runtime, session: Session, tokenizer: WasmTokenizer, metadata: Metadata) {
    if (metadata.labels === undefined) {
      throw new WinnowError('InvalidModel', 'the labels of the model are in none of model_metadata.json, labels.json and config.json',
                            'add labels.json: ["ham", "spam"]');
    }
    this.#runtime = loaded;
    this.#session = session;
    this.#tokenizer = tokenizer;
    this.#metadata = metadata;
    this.labels = labelNames(metadata.labels);
    this.multiLabel = metadata.problem_type === 'multi_label_classification';
    this.#positive = this.labels.indexOf(metadata.positive_label ?? defaultPositiveLabel(this.labels));
    this.#maxLength = metadata.max_length ?? Math.min(512, metadata.max_position_embeddings ?? 512);
  }

  static async load(directory: string, wasm: WebAssembly.Module): Promise<OnnxEngine> {
    const loaded = await runtime();
    const names = new Set(await readdir(directory));
    const files: Record<string, Uint8Array> = {};
    for (const name of kModelFiles.filter(name => names.has(name) && !name.endsWith('.safetensors') && name !== 'config.json')) {
      files[name] = new Uint8Array(await readFile(join(directory, name)));
    }
    const metadata = await metadataOf(directory);
    try {
      const tokenizer = await loadTokenizer(wasm, files);
      const session = await loaded.InferenceSession.create(await firstOf(directory, kModels) as string);
      return new OnnxEngine(loaded, session, tokenizer, metadata);
    } catch (error) {
      throw WinnowError.of(error, 'InvalidModel');
    }
  }

  async classify(texts: readonly string[], options: RawOptions): Promise<RawPrediction[]> {
    if (texts.length === 0) return [];
    const encoded = texts.map(text => this.#tokenizer.encode(text, {maxLength: this.#maxLength}));
    const longest = Math.max(...encoded.map(tokens => tokens.length));
    const dims = [texts.length, longest];
    const ids = new BigInt64Array(texts.length * longest), mask = new BigInt64Array(ids.length);
    encoded.forEach((tokens, row) => tokens.forEach((token, i) => {
      ids[row * longest + i] = BigInt(token);
      mask[row * longest + i] = 1n;
    }));
    const all: Record<string, BigInt64Array> = {input_ids: ids, attention_mask: mask, token_type_ids: new BigInt64Array(ids.length)};
    const inputs: Record<string, Tensor> = {};
    for (const name of this.#session.inputNames) {
      const data = all[name];
      if (data === undefined) throw new WinnowError('Unsupported', `the ONNX file has an input '${name}', which is unknown here`);
      inputs[name] = new this.#runtime.Tensor('int64', data, dims);
    }
    const outputs = await this.#session.run(inputs);
    const logits = outputs['logits'] ?? outputs[this.#session.outputNames[0] as string] as Tensor;
    const count = this.labels.length;
    return texts.map((_, row) => this.#predicted(logits.data.subarray(row * count, (row + 1) * count), options));
  }

  #predicted(logits: Float32Array, {mode, threshold}: RawOptions): RawPrediction {
    const temperature = this.#metadata.temperature ?? 1;
    const scaled = Array.from(logits, logit => logit / temperature);
    const highest = Math.max(...scaled);
    const powers = scaled.map(value => Math.exp(value - highest));
    const sum = powers.reduce((total, value) => total + value, 0);
    const values = Float32Array.from(scaled, (value, i) => this.multiLabel ? 1 / (1 + Math.exp(-value)) : powers[i] as number / sum);
    const decision = decide(values, threshold ?? this.#metadata.thresholds?.[mode] ?? kThresholds[mode], this.#positive, this.multiLabel);
    const ids = Int32Array.from(values.keys()).sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
    return {
      label: decision.label < 0 ? ids[0] as number : decision.label,
      outOfScopeLabel: '',
      score: decision.score,
      confidence: decision.confidence,
      abstained: false,
      outOfScope: false,
      decided: this.multiLabel ? decision.decided.map(id => this.labels[id] as string) : undefined,
      ids,
      scores: Float32Array.from(ids, id => values[id] as number),
    };
  }

  release(): void {
    this.#tokenizer.release();
    void this.#session.release?.();
  }
}
