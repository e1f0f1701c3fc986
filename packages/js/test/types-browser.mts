// Compiled, never run: the same of what browsers have.
import {Classifier, WinnowError} from 'winnow/browser';
import type {LoadOptions, Prediction} from 'winnow/browser';

export async function browser(module: WebAssembly.Module, error: unknown): Promise<Prediction> {
  const options: LoadOptions = {wasm: module, worker: false, cache: false};
  const spam = await Classifier.load('/models/spam/', options);
  // @ts-expect-error the browser has no native engine
  await Classifier.load('/models/spam/', {engine: 'native'});
  if (error instanceof WinnowError) console.log(error.code, error.hint);
  return spam.classify('a');
}
