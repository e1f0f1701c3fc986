/** The decision thresholds in use: strict gives the positive label (such as spam) most readily, lenient least. */
export type Mode = 'strict' | 'moderate' | 'lenient';

export interface LabelConfidence {
  label: string;
  /** Calibrated probability of the label. */
  confidence: number;
}

/** The prediction for one text. */
export interface Prediction {
  /** The decided label; the most probable one if a multi-label model decided none. */
  label: string;
  /** Probability of the decided label; if none was decided, 1 minus the highest probability. */
  confidence: number;
  /** Single-label models with two labels: probability of the positive label; otherwise of the decided label. */
  score: number;
  /** True if the prediction is too uncertain to act on. */
  abstained: boolean;
  /** True if the text belongs to none of the labels. */
  outOfScope: boolean;
  /** All decided labels of a multi-label model; undefined for other models. */
  labels?: string[];
  /** The labels with their probabilities, the most probable first; `topK` of them. */
  all: LabelConfidence[];
}

export interface ClassifyOptions {
  /** Which decision thresholds are used. Default: moderate, the only mode of models without a positive label. */
  mode?: Mode;
  /** The number of labels in `all`; default: every label. */
  topK?: number;
  /** Decision threshold in place of that of the mode, between 0 and 1. */
  threshold?: number;
}

/** The files of a bundle by their names, such as {'winnow.json': ..., 'linear.bin': ...}. */
export type FileMap = Record<string, Uint8Array | ArrayBuffer>;

/** Bytes of a download. `total` is 0 if the server does not say it. */
export interface Progress {
  file: string;
  loaded: number;
  total: number;
}

/** Returns the request for a URL, for instance a signed one for s3://bucket/key. */
export type Signer = (url: string) => string | Request | Promise<string | Request>;

export interface DownloadOptions {
  onProgress?: (progress: Progress) => void;
  /** Makes the request of a URL; required for s3:// and other schemes that fetch does not know. */
  sign?: Signer;
  signal?: AbortSignal;
}

export interface CommonLoadOptions extends DownloadOptions {
  /** Names of the labels in place of those of the model: an array by id, or a map of ids to names or names to ids. */
  labels?: LabelNames;
  /** The number of predictions that are kept for texts that come again; 0: none. Default: 1000. */
  cacheSize?: number;
  /** False: do not compare the files with the digests in winnow.json. */
  verify?: boolean;
}

/** Names of labels by id: ['ham', 'spam'], {0: 'ham', 1: 'spam'}, {ham: 0, spam: 1}, or a document of labels.json. */
export type LabelNames = readonly string[] | Record<string, unknown>;

/** What an engine says of a text. Ids are those of labels; `ids` and `scores` begin with the most probable label. */
export interface RawPrediction {
  /** Id of the decided label; -1 for a text that is out of scope. */
  label: number;
  outOfScopeLabel: string;
  score: number;
  confidence: number;
  abstained: boolean;
  outOfScope: boolean;
  decided: readonly string[] | undefined;
  ids: Int32Array;
  scores: Float32Array;
}

export interface RawOptions {
  mode: Mode;
  threshold: number | undefined;
}

/** A loaded model, wherever it runs. */
export interface Engine {
  /** 'native', 'wasm' or 'onnxruntime'. */
  readonly kind: string;
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
  /** Predictions in the order of the texts. */
  classify(texts: readonly string[], options: RawOptions): Promise<RawPrediction[]>;
  /** The same, where the engine can do it without leaving the thread. */
  classifySync?(texts: readonly string[], options: RawOptions): RawPrediction[];
  release(): void;
}
