import {parseJson} from './manifest.js';
import {WinnowError} from './errors.js';

/** The files that a model without a manifest may have. */
export const kModelFiles = [
  'winnow.json', 'labels.json', 'linear.bin', 'config.json', 'model_int8.safetensors', 'model.safetensors', 'tokenizer.json',
  'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json', 'vocab.txt', 'vocab.json', 'merges.txt', 'spm.model',
  'sentencepiece.bpe.model', 'spiece.model', 'sentence_bert_config.json', 'out_of_scope.safetensors'];

const kMultiLabelOfLinear = 14;  // offset in linear.bin, see src/linear/linear_file.cpp

/** True if each label is decided separately, by the files of the model. */
export function isMultiLabel(files: Record<string, Uint8Array>): boolean {
  const linear = files['linear.bin'];
  if (linear !== undefined) return linear[kMultiLabelOfLinear] === 1;
  const config = files['config.json'];
  if (config === undefined) throw new WinnowError('InvalidModel', 'neither config.json nor linear.bin is among the files', 'a model is a bundle that winnow train wrote');
  return parseJson<{problem_type?: string}>(new TextDecoder().decode(config), 'config.json').problem_type === 'multi_label_classification';
}

/** The bytes of a file map, whatever holds them. */
export function bytesOf(files: Record<string, Uint8Array | ArrayBuffer>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).map(([name, data]) => [name, data instanceof Uint8Array ? data : new Uint8Array(data)]));
}
