import {WinnowError} from './errors.js';
import type {ModelInfo} from './model.js';
import type {Mode} from './types.js';

/** What this package reads of winnow.json (docs/bundle.md). */
export interface Manifest {
  name?: string;
  version?: string;
  kind?: string;
  positive_label?: string;
  max_length?: number;
  thresholds?: Partial<Record<Mode, number>>;
  abstain?: {below?: Partial<Record<Mode, number>>};
  sha256?: Record<string, string>;
}

export function parseJson<T>(text: string, file: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new WinnowError('InvalidModel', `${file}: ${(error as Error).message}`, 'the file is damaged; get it again', {cause: error});
  }
}

export function parseManifest(text: string, file: string): Manifest {
  const manifest = parseJson<Manifest>(text, file);
  if (manifest === null || typeof manifest !== 'object' || Array.isArray(manifest)) {
    throw new WinnowError('InvalidModel', `${file} is not a JSON object`, 'this is no bundle that winnow train wrote');
  }
  return manifest;
}

/** The thresholds of a model that names none. */
export const kThresholds: Readonly<Record<Mode, number>> = {strict: 0.3, moderate: 0.5, lenient: 0.7};

/** The thresholds among the members of a manifest's, which has others too. */
function pick(thresholds: Partial<Record<Mode, number>> | undefined): Partial<Record<Mode, number>> {
  return Object.fromEntries(Object.entries(thresholds ?? {}).filter(([mode, value]) => mode in kThresholds && typeof value === 'number'));
}

export function infoOf(manifest: Manifest | undefined, name: string): ModelInfo {
  return {
    name: manifest?.name ?? name,
    version: manifest?.version ?? '',
    positiveLabel: manifest === undefined ? undefined : manifest.positive_label ?? '',
    thresholds: {...kThresholds, ...pick(manifest?.thresholds)},
  };
}

// Files that only say something to people, or to other programs.
const kNotRead = /^(?:calibration\.jsonl|training_info\.json|MODEL_VERSION\.json|.*\.svg|README.*|[^/]+\/.*)$/;
const kFloat = 'model.safetensors', kInt8 = 'model_int8.safetensors';

/** The files of a bundle that classification reads: those of its digests without the weights that are not used. */
export function filesToRead(manifest: Manifest): string[] {
  const files = Object.keys(manifest.sha256 ?? {}).filter(file => !kNotRead.test(file));
  if (files.length === 0) {
    throw new WinnowError('InvalidModel', 'winnow.json lists no files', 'only bundles with digests can be downloaded');
  }
  return files.includes(kInt8) ? files.filter(file => file !== kFloat) : files;
}
