export {WinnowError} from './errors.js';
export type {WinnowErrorCode} from './errors.js';
export {builtInRules} from './rules/built-in.js';
export type {Message} from './rules/fields.js';
export {translateRe2} from './rules/re2.js';
export type {Translated} from './rules/re2.js';
export {RuleSet} from './rules/rule-set.js';
export type {RuleOptions, RuleResult, RuleSymbol} from './rules/rule-set.js';
