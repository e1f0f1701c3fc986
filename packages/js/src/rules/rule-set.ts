import {WinnowError} from '../errors.js';
import {parseExpression} from './expression.js';
import type {Expression} from './expression.js';
import {findLinks, hostOfLink, isFieldName, isInDomain, readField} from './fields.js';
import type {FieldValue, Message} from './fields.js';
import {translateRe2} from './re2.js';
import {isTable, parseToml} from './toml.js';
import type {TomlTable, TomlValue} from './toml.js';

export interface RuleSymbol {
  name: string;
  score: number;
  description: string;
}

export interface RuleResult {
  /** Sum of the scores, each group within its bounds. */
  score: number;
  /** What rules alone decide. */
  action: 'spam' | 'ham' | 'undecided';
  symbols: RuleSymbol[];
}

interface Common {
  name: string;
  description: string;
  score: number;
  group: string;
  enabled: boolean;
}

interface Rule extends Common {
  field: string;
  fold: boolean;
  pattern?: RegExp;
  exists?: string;
  domains: string[];
  minLinks?: number;
  maxLinks?: number;
  minLength?: number;
  maxLength?: number;
}

interface Composite extends Common {
  expression: Expression;
  names: string[];
  replaces: string[];
}

interface Bounds {
  minScore: number;
  maxScore: number;
}

export interface RuleOptions {
  /** Name of the file, for errors. */
  file?: string;
  /** Undoes disguises of letters, for rules with fold = true; without it they see the text as it is. */
  fold?: (text: string) => string;
}

const kRuleKeys = ['name', 'description', 'score', 'group', 'enabled', 'tags', 'field', 'fold', 'pattern', 'exists', 'domains', 'min_links', 'max_links',
  'min_length', 'max_length'];
const kCompositeKeys = ['name', 'description', 'score', 'group', 'enabled', 'tags', 'expression', 'replaces'];
const kRounding = 1e-9;
const kMostEvidence = 4;       // of the rules, in log-odds
const kUnknownLogOdds = -1.5;  // in place of the model's

/** Reads the values of a table, and refuses keys and types that rules do not have. */
class Reader {
  readonly #table: TomlTable;
  readonly #where: string;

  constructor(table: TomlTable, where: string, keys: readonly string[]) {
    this.#table = table;
    this.#where = where;
    const unknown = Object.keys(table).find(key => !keys.includes(key));
    if (unknown !== undefined) this.refuse(`unknown key '${unknown}'`, `the keys are ${keys.join(', ')}`);
  }

  refuse(what: string, hint = ''): never { throw new WinnowError('InvalidData', `${this.#where}: ${what}`, hint); }

  get(key: string, type: 'string'): string | undefined;
  get(key: string, type: 'number'): number | undefined;
  get(key: string, type: 'boolean'): boolean | undefined;
  get(key: string, type: string): TomlValue | undefined {
    const value = this.#table[key];
    if (value !== undefined && typeof value !== type) this.refuse(`'${key}' is not a ${type}`);
    return value;
  }

  texts(key: string): string[] {
    const value = this.#table[key] ?? [];
    if (!Array.isArray(value) || value.some(item => typeof item !== 'string')) this.refuse(`'${key}' is not a list of strings`);
    return value as string[];
  }

  common(): Common {
    const name = this.get('name', 'string') ?? '';
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)) this.refuse("'name' is not made of letters, digits and underscores");
    return {
      name,
      description: this.get('description', 'string') ?? '',
      score: this.get('score', 'number') ?? 0,
      group: this.get('group', 'string') ?? '',
      enabled: this.get('enabled', 'boolean') ?? true,
    };
  }
}

function tables(value: TomlValue | undefined, name: string, file: string): TomlTable[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(isTable)) {
    throw new WinnowError('InvalidData', `${file}: '${name}' is not a list of tables`, `begin each with a line [[${name}]]`);
  }
  return value;
}

/** Rules of the message filter (docs/rules.md), evaluated in JavaScript. */
export class RuleSet {
  readonly #rules: Rule[] = [];
  readonly #composites: Composite[] = [];
  readonly #groups = new Map<string, Bounds>();
  readonly #fold: ((text: string) => string) | undefined;
  #spam = Infinity;
  #ham = -Infinity;
  #weight = 0.5;
  /** What works otherwise than in the server, a sentence each. */
  readonly warnings: string[] = [];

  private constructor(options: RuleOptions) { this.#fold = options.fold; }

  /** Parses a file of rules. Throws WinnowError: InvalidData for what is wrong in it, Unsupported for a pattern that has no
   * exact translation, with the name of the rule. */
  static parse(toml: string, options: RuleOptions = {}): RuleSet {
    const file = options.file ?? 'rules';
    const document = parseToml(toml, file);
    const set = new RuleSet(options);
    for (const key of Object.keys(document)) {
      if (!['rule', 'composite', 'group', 'actions', 'weights'].includes(key)) {
        throw new WinnowError('InvalidData', `${file}: unknown key '${key}'`, 'a file has [[rule]], [[composite]], [group.NAME], [actions] and [weights]');
      }
    }
    for (const table of tables(document['rule'], 'rule', file)) set.#rules.push(set.#ruleOf(table, file));
    for (const table of tables(document['composite'], 'composite', file)) set.#composites.push(set.#compositeOf(table, file));
    set.#readSettings(document, file);
    set.#checkNames(file);
    return set;
  }

  get size(): number { return this.#rules.length + this.#composites.length; }

  #ruleOf(table: TomlTable, file: string): Rule {
    const reader = new Reader(table, `${file}: rule ${String(table['name'] ?? '')}`, kRuleKeys);
    const common = reader.common();
    const domains = reader.texts('domains').map(hostOfLink);
    const field = reader.get('field', 'string') ?? (domains.length > 0 ? 'sender_domain' : 'text');
    const exists = reader.get('exists', 'string');
    for (const name of [field, exists ?? 'text']) if (!isFieldName(name)) reader.refuse(`unknown field '${name}'`);
    const rule: Rule = {...common, field, fold: reader.get('fold', 'boolean') ?? false, domains};
    const pattern = reader.get('pattern', 'string');
    if (exists !== undefined) rule.exists = exists;
    const bounds = [['minLinks', 'min_links'], ['maxLinks', 'max_links'], ['minLength', 'min_length'], ['maxLength', 'max_length']] as const;
    for (const [member, key] of bounds) {
      const value = reader.get(key, 'number');
      if (value !== undefined) rule[member] = value;
    }
    if (pattern !== undefined) {
      try {
        const {pattern: translated, warning} = translateRe2(pattern);
        rule.pattern = translated;
        if (warning !== '') this.warnings.push(`rule ${rule.name}: ${warning}`);
      } catch (error) {
        const {code, message, hint} = WinnowError.of(error);
        throw new WinnowError(code, `${file}: rule ${rule.name}: ${message}`, hint);
      }
    } else if (exists === undefined && domains.length === 0 && bounds.every(([member]) => rule[member] === undefined)) {
      reader.refuse('the rule has no condition', 'add a pattern, or one of exists, domains, min_links, max_links, min_length, max_length');
    }
    if (rule.fold && this.#fold === undefined) this.warnings.push(`rule ${rule.name}: fold has no effect here`);
    return rule;
  }

  #compositeOf(table: TomlTable, file: string): Composite {
    const reader = new Reader(table, `${file}: composite ${String(table['name'] ?? '')}`, kCompositeKeys);
    const text = reader.get('expression', 'string') ?? reader.refuse("the key 'expression' is missing", 'such as expression = "PRIZE & LINK"');
    return {...reader.common(), ...parseExpression(text), replaces: reader.texts('replaces')};
  }

  #readSettings(document: TomlTable, file: string): void {
    const table = (key: string): TomlTable => {
      const value = document[key] ?? {};
      if (!isTable(value)) throw new WinnowError('InvalidData', `${file}: '${key}' is not a table`);
      return value;
    };
    const actions = new Reader(table('actions'), `${file}: actions`, ['spam', 'ham']);
    this.#spam = actions.get('spam', 'number') ?? Infinity;
    this.#ham = actions.get('ham', 'number') ?? -Infinity;
    const weights = new Reader(table('weights'), `${file}: weights`, ['classifier', 'rules', 'reputation', 'intercept']);
    this.#weight = weights.get('rules', 'number') ?? 0.5;
    for (const [name, value] of Object.entries(table('group'))) {
      if (!isTable(value)) throw new WinnowError('InvalidData', `${file}: group '${name}' is not a table`);
      const group = new Reader(value, `${file}: group ${name}`, ['description', 'min_score', 'max_score']);
      this.#groups.set(name, {minScore: group.get('min_score', 'number') ?? -Infinity, maxScore: group.get('max_score', 'number') ?? Infinity});
    }
  }

  #checkNames(file: string): void {
    const all = new Set<string>();
    for (const {name} of [...this.#rules, ...this.#composites]) {
      if (all.has(name)) throw new WinnowError('InvalidData', `${file}: '${name}' is there twice`);
      all.add(name);
    }
    for (const composite of this.#composites) {
      const missing = [...composite.names, ...composite.replaces].find(name => !all.has(name));
      if (missing !== undefined) throw new WinnowError('InvalidData', `${file}: composite ${composite.name}: there is no rule '${missing}'`);
    }
  }

  #holds(rule: Rule, field: (name: string, fold: boolean) => FieldValue, links: number): boolean {
    if (!rule.enabled) return false;
    const value = field(rule.field, rule.fold);
    if (rule.pattern !== undefined) {
      if (!value.present && rule.field.startsWith('header:')) return false;
      if (!rule.pattern.test(value.text)) return false;
    }
    if (rule.exists !== undefined && !field(rule.exists, false).present) return false;
    if (links < (rule.minLinks ?? 0) || links > (rule.maxLinks ?? Infinity)) return false;
    if (rule.minLength !== undefined || rule.maxLength !== undefined) {
      const length = [...value.text].length;
      if (length < (rule.minLength ?? 0) || length > (rule.maxLength ?? Infinity)) return false;
    }
    return rule.domains.length === 0 ||
           value.text.split('\n').some(line => rule.domains.some(domain => isInDomain(hostOfLink(line), domain)));
  }

  /** The names that hold, composites after what they are made of, in whichever order the file has them. */
  #holding(message: Message): Map<string, boolean> {
    const fields = new Map<string, FieldValue>();
    const field = (name: string, fold: boolean): FieldValue => {
      const key = `${fold} ${name}`;
      let value = fields.get(key);
      if (value === undefined) fields.set(key, value = readField(message, name, fold ? this.#fold : undefined));
      return value;
    };
    const links = this.#rules.some(rule => rule.minLinks !== undefined || rule.maxLinks !== undefined)
                      ? findLinks(field('text', false).text).length : 0;
    const holding = new Map<string, boolean>(this.#rules.map(rule => [rule.name, this.#holds(rule, field, links)]));
    const composites = new Map(this.#composites.map(composite => [composite.name, composite]));
    const value = (name: string): boolean => {
      const known = holding.get(name);
      if (known !== undefined) return known;
      const composite = composites.get(name) as Composite;
      holding.set(name, false);  // a circle holds nothing
      const found = composite.enabled && composite.expression(value);
      holding.set(name, found);
      return found;
    };
    for (const {name} of this.#composites) value(name);
    return holding;
  }

  /** Evaluates all rules on a message. */
  evaluate(message: Message): RuleResult {
    const holding = this.#holding(message);
    const replaced = new Set(this.#composites.filter(({name}) => holding.get(name)).flatMap(({replaces}) => replaces));
    const hits = [...this.#rules, ...this.#composites].filter(({name}) => holding.get(name) && !replaced.has(name));
    const sums = new Map<string, number>();
    for (const {group, score} of hits) sums.set(group, (sums.get(group) ?? 0) + score);
    let score = 0;
    for (const [group, sum] of sums) {
      const {minScore, maxScore} = this.#groups.get(group) ?? {minScore: -Infinity, maxScore: Infinity};
      score += Math.max(Math.min(sum, maxScore), minScore);
    }
    const action = score >= this.#spam - kRounding ? 'spam' : score <= this.#ham + kRounding ? 'ham' : 'undecided';
    return {score, action, symbols: hits.map(({name, score, description}) => ({name, score, description}))};
  }

  /** The log-odds that rules add to those of a model. */
  logOdds(result: RuleResult): number { return kMostEvidence * Math.tanh(this.#weight * result.score / kMostEvidence); }

  /** The verdict where no model answers, as the filter of `winnow serve` has it: `score` is the probability of spam. */
  fallback(result: RuleResult, threshold = 0.5): {isSpam: boolean; score: number} {
    const unknown = result.action === 'undecided' ? kUnknownLogOdds : 0;
    const score = 1 / (1 + Math.exp(-(this.logOdds(result) + unknown)));
    if (result.action === 'spam') return {isSpam: true, score: Math.max(score, 0.5)};
    if (result.action === 'ham') return {isSpam: false, score: Math.min(score, 0.5)};
    return {isSpam: score >= threshold, score};
  }
}
