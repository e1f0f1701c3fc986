import {randomUUID} from 'node:crypto';

import {Classifier, WinnowError, parseRules} from 'winnow';
import type {LoadOptions, Message, Mode, RuleResult, RuleSymbol} from 'winnow';

import {FeedbackTable} from './feedback.js';
import type {FeedbackType} from './feedback.js';
import {Reputation} from './reputation.js';

export interface Verdict {
  id: string;
  isSpam: boolean;
  /** Probability of the verdict. */
  confidence: number;
  /** Probability of spam. */
  score: number;
  modelVersion: string | null;
  /** The step that decided. */
  source: 'reputation' | 'rules' | 'classifier' | 'fallback';
  /** The reasons; scores above 0 are evidence of spam. */
  symbols: Array<Pick<RuleSymbol, 'name' | 'score'>>;
  mode: Mode;
  modeFrom: 'request' | 'preferences' | 'default';
}

export interface Options extends LoadOptions {
  /** The directory of the model. */
  model: string;
  /** A file of rules as TOML; default: Winnow's own. */
  rules?: string;
  feedback?: FeedbackTable;
  reputation?: Reputation;
}

interface Seen {
  message: Message;
  verdict: Verdict;
}

const kThresholds: Record<Mode, number> = {strict: 0.3, moderate: 0.5, lenient: 0.7};
const kListed = 6;       // of a list, in log-odds
const kUnknown = -1.5;   // in place of the model's log-odds
const kRemembered = 10000;

const probability = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));

function logOddsOf(p: number): number {
  const bounded = Math.min(Math.max(p, 1e-7), 1 - 1e-7);
  return Math.log(bounded / (1 - bounded));
}

function checkMode(mode: Mode): void {
  if (!Object.hasOwn(kThresholds, mode)) throw new WinnowError('InvalidArgument', `mode '${mode}' is not strict, moderate or lenient`);
}

/** The filter: reputation, rules, classifier, and one verdict; the same scores as those of `winnow filter`. */
export class SpamShield {
  readonly reputation: Reputation;
  readonly feedbackTable: FeedbackTable;
  readonly #classifier: Classifier | undefined;
  readonly #rules;
  readonly #modes = new Map<string, Mode>();
  readonly #seen = new Map<string, Seen>();
  /** Why the model is not in use, if it is not. */
  readonly modelError: WinnowError | undefined;

  private constructor(loaded: Classifier | WinnowError, options: Options) {
    this.#classifier = loaded instanceof Classifier ? loaded : undefined;
    this.modelError = loaded instanceof Classifier ? undefined : loaded;
    this.#rules = options.rules === undefined ? parseRules() : parseRules(options.rules);
    this.reputation = options.reputation ?? new Reputation();
    this.feedbackTable = options.feedback ?? new FeedbackTable();
  }

  /** Loads the model; without it, rules and reputation decide. */
  static async create(options: Options): Promise<SpamShield> {
    const {model, rules, feedback, reputation, ...loading} = options;
    const loaded = await Classifier.load(model, loading).catch((error: unknown) => WinnowError.of(error));
    return new SpamShield(loaded, options);
  }

  setMode(user: string, mode: Mode): void {
    checkMode(mode);
    this.#modes.set(user, mode);
  }

  /** Returns the verdict for a message. */
  async check(message: Message, requested?: Mode): Promise<Verdict> {
    const user = message.user ?? '';
    const preferred = this.#modes.get(user);
    const mode = requested ?? preferred ?? 'moderate';
    checkMode(mode);
    const modeFrom = requested !== undefined ? 'request' : preferred !== undefined ? 'preferences' : 'default';
    const found = this.#byReputation(message, user) ?? await this.#byContent(message, user, mode);
    const verdict: Verdict = {id: randomUUID(), ...found, confidence: found.isSpam ? found.score : 1 - found.score, mode, modeFrom};
    this.#remember(message, verdict);
    return verdict;
  }

  #byReputation(message: Message, user: string): Omit<Verdict, 'id' | 'confidence' | 'mode' | 'modeFrom'> | undefined {
    const list = message.sender === undefined ? undefined : this.reputation.list(message.sender, user);
    if (list === undefined) return undefined;
    const score = list === 'deny' ? kListed : -kListed;
    const name = list === 'deny' ? 'SENDER_DENIED' : 'SENDER_ALLOWED';
    return {isSpam: list === 'deny', score: probability(score), modelVersion: null, source: 'reputation', symbols: [{name, score}]};
  }

  async #byContent(message: Message, user: string, mode: Mode): Promise<Omit<Verdict, 'id' | 'confidence' | 'mode' | 'modeFrom'>> {
    const hits: RuleResult = this.#rules.evaluate(message);
    const symbols: Verdict['symbols'] = hits.symbols.map(({name, score}) => ({name, score}));
    const ofSender = this.reputation.logOdds(message.sender ?? '', user);
    if (ofSender !== 0) symbols.push({name: 'SENDER', score: ofSender});
    const others = this.#rules.logOdds(hits) + ofSender;
    if (hits.action !== 'undecided') {
      const isSpam = hits.action === 'spam', score = probability(others);
      return {isSpam, score: isSpam ? Math.max(score, 0.5) : Math.min(score, 0.5), modelVersion: null, source: 'rules', symbols};
    }
    const model = await this.#modelSays(message, mode);
    if (model === undefined) {
      const score = probability(kUnknown + others);
      return {isSpam: score >= kThresholds[mode], score, modelVersion: null, source: 'fallback', symbols};
    }
    const score = others === 0 ? model.spam : probability(logOddsOf(model.spam) + others);
    symbols.push({name: 'CLASSIFIER', score: logOddsOf(model.spam)});
    return {isSpam: score >= model.threshold, score, modelVersion: model.version, source: 'classifier', symbols};
  }

  async #modelSays(message: Message, mode: Mode): Promise<{spam: number; threshold: number; version: string} | undefined> {
    const classifier = this.#classifier;
    if (classifier === undefined) return undefined;
    const text = message.text ?? [message.subject, message.body].filter(Boolean).join('\n');
    try {
      const {all} = await classifier.classify(text, {mode});
      const spam = all.find(({label}) => label === classifier.positiveLabel)?.confidence;
      return spam === undefined ? undefined : {spam, threshold: classifier.thresholds[mode], version: classifier.version};
    } catch {
      return undefined;
    }
  }

  #remember(message: Message, verdict: Verdict): void {
    this.#seen.set(verdict.id, {message, verdict});
    if (this.#seen.size > kRemembered) this.#seen.delete(this.#seen.keys().next().value as string);
  }

  /** Records what a person says about a verdict, which changes the reputation of the sender at once. */
  feedback(id: string, isSpam: boolean, user?: string, admin = false): {stored: boolean; feedback_type: FeedbackType} {
    const seen = this.#seen.get(id);
    if (seen === undefined) throw new WinnowError('NotFound', `there is no message '${id}'`, 'give the id of a verdict');
    const {message, verdict} = seen;
    const feedback_type: FeedbackType = admin ? 'admin' : isSpam === verdict.isSpam ? 'user_confirmation' : 'user_rejection';
    const stored = this.feedbackTable.add({
      id, text: message.text ?? `${message.subject ?? ''}\n${message.body ?? ''}`, is_spam: isSpam, label: isSpam ? 'spam' : 'ham', feedback_type,
      user_id: user ?? null, model_version: verdict.modelVersion, score: verdict.score, created_at: new Date().toISOString()});
    if (stored) this.reputation.learn(message.sender ?? '', isSpam, admin ? '' : user);
    return {stored, feedback_type};
  }

  release(): void { this.#classifier?.release(); }
}
