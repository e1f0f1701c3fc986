// Compiled, never run: the declarations accept what the documentation shows, refuse what the package refuses, and tell
// what comes back. Without the types of browsers, which a program for Node does not have.
import {Classifier, IntentClassifier, WinnowError, classifyTextBERT, initSpamModel, nativeError, parseRules, releaseSpamModel, spamModelError} from 'winnow';
import type {ClassifyOptions, FileMap, IntentPrediction, LoadOptions, Prediction, SpamVerdict, WinnowErrorCode} from 'winnow';
import {RuleSet, builtInRules} from 'winnow/rules';

export async function predictions(some: string | string[], frozen: readonly string[], options?: ClassifyOptions): Promise<Prediction[]> {
  const load: LoadOptions = {threads: 2, longText: 'head+tail', labels: ['ham', 'spam'], signal: AbortSignal.timeout(1000), onProgress: ({loaded, total}) => void (loaded / total)};
  const spam: Classifier = await Classifier.load(new URL('file:///spam'), load);
  const one: Prediction = await spam.classify('a', {mode: 'strict', topK: 1, threshold: .4});
  const many: Prediction[] = await spam.classify(frozen, options);
  const either: Prediction | Prediction[] = await spam.classify(some);
  const now: Prediction | Prediction[] = spam.classifySync(some);
  const {label, all: [first]}: Prediction = spam.classifySync('a');
  const labels: string[] | undefined = one.labels;
  const threshold: number = spam.thresholds.lenient;
  // @ts-expect-error there is no such mode
  await spam.classify('a', {mode: 'lax'});
  // @ts-expect-error a number is not a text
  await spam.classify(1);
  // @ts-expect-error the labels of a loaded model stay
  spam.labels[0] = 'x';
  spam.release();
  return [one, ...many, ...[either, now].flat(), {...one, label: `${label}${first?.label}${labels}${threshold}`}];
}

export async function others(files: FileMap, error: unknown): Promise<[IntentPrediction, SpamVerdict, WinnowErrorCode | undefined]> {
  const intents = await IntentClassifier.load(files, 'labels.json', {cacheSize: 0});
  const loaded: boolean = await initSpamModel({model: 's3://bucket/spam', sign: url => new Request(url)});
  const verdict = await classifyTextBERT('a', 'lenient');
  const version: string | null = loaded ? verdict.modelVersion : null;
  releaseSpamModel();
  if (error instanceof WinnowError) console.log(error.code, error.hint);
  parseRules().evaluate({text: version ?? ''}).symbols.map(({name}) => name);
  RuleSet.parse(builtInRules).evaluate({text: 'a'});
  return [await intents.classify('a'), verdict, (spamModelError() ?? nativeError())?.code];
}
