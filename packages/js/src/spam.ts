import {Classifier} from './classifier.js';
import type {LoadOptions} from './classifier.js';
import {WinnowError} from './errors.js';
import {kThresholds} from './manifest.js';
import {nativeAddon} from './native.js';
import {builtInRules} from './rules/built-in.js';
import {RuleSet} from './rules/rule-set.js';
import type {FileMap, Mode, Prediction} from './types.js';

export interface SpamVerdict {
  isSpam: boolean;
  /** Probability of the verdict. */
  confidence: number;
  /** Probability of spam. */
  score: number;
  /** Version of the model; null if rules decided. */
  modelVersion: string | null;
  source: 'classifier' | 'fallback';
}

let model: Classifier | undefined;
let failure: WinnowError | undefined;   // of the last load
let failedCall: WinnowError | undefined;  // of the last classification
let rules: RuleSet | undefined;

export interface SpamOptions extends LoadOptions {
  /** The model. Default: WINNOW_SPAM_MODEL, else models/spam. */
  model?: string | URL | FileMap;
  /** The rules of the fallback, as TOML. Default: those of Winnow. */
  rules?: string;
}

/** Rules that undo disguises where the native engine is there to do it. */
export function parseRules(text: string = builtInRules, file = 'rules'): RuleSet {
  const addon = nativeAddon();
  return RuleSet.parse(text, addon instanceof WinnowError ? {file} : {file, fold: disguised => addon.fold(disguised)});
}

/** Loads the model of classifyTextBERT. Returns true if it is loaded; if not, rules decide, and spamModelError() says why. */
export async function initSpamModel(given: string | SpamOptions = {}): Promise<boolean> {
  const {model: source, rules: text, ...options} = typeof given === 'string' ? {model: given} : given;
  if (text !== undefined) rules = parseRules(text);
  try {
    const loaded = await Classifier.load(source ?? process.env['WINNOW_SPAM_MODEL'] ?? 'models/spam', options);
    model?.release();
    model = loaded;
    failure = failedCall = undefined;
  } catch (error) {
    failure = WinnowError.of(error);
  }
  return failure === undefined;
}

/** Why the model is not in use, or undefined. */
export function spamModelError(): WinnowError | undefined { return failedCall ?? failure; }

/** Forgets the model, so that rules decide until initSpamModel. */
export function releaseSpamModel(): void {
  model?.release();
  model = failedCall = undefined;
}

function verdictOf(prediction: Prediction, loaded: Classifier): SpamVerdict {
  const positive = loaded.positiveLabel || 'spam';
  const isSpam = prediction.labels?.includes(positive) ?? prediction.label === positive;
  const verdict = {isSpam, modelVersion: loaded.version, source: 'classifier'} as const;
  const score = prediction.all.find(({label}) => label === positive)?.confidence;
  // Of two labels, the prediction is about spam already; of more, it is about whichever was decided.
  if (score === undefined || (loaded.labels.length === 2 && !loaded.multiLabel && !prediction.outOfScope)) {
    return {...verdict, confidence: prediction.confidence, score: prediction.score};
  }
  return {...verdict, confidence: isSpam ? score : 1 - score, score};
}

/** Whether a text is spam. Fails for no text: without a model, and if it fails, rules decide (source 'fallback'). */
export async function classifyTextBERT(text: string, mode: Mode = 'moderate'): Promise<SpamVerdict> {
  if (!Object.hasOwn(kThresholds, mode)) throw new WinnowError('InvalidArgument', `mode '${String(mode)}' is not strict, moderate or lenient`);
  const loaded = model;
  if (loaded !== undefined && typeof text === 'string') {
    try {
      const prediction = await loaded.classify(text, {mode});
      failedCall = undefined;
      return verdictOf(prediction, loaded);
    } catch (error) {
      failedCall = WinnowError.of(error);
    }
  }
  rules ??= parseRules();
  const {isSpam, score} = rules.fallback(rules.evaluate({text: String(text)}), kThresholds[mode]);
  return {isSpam, confidence: isSpam ? score : 1 - score, score, modelVersion: null, source: 'fallback'};
}
