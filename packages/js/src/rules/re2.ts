// From RE2's syntax to JavaScript's, so that the same texts match. RE2 (github.com/google/re2/wiki/Syntax) works on code points;
// its \d, \s, \w and \b are those of ASCII; '.' excludes \n alone; '$' is the end of the text, with (?m) also before \n. The
// expression that comes out has the flag u alone: what (?i), (?m) and (?s) mean is written into it, since JavaScript's flags
// i and m mean other things (under iu, \b knows the long s and the Kelvin sign; under m, lines end at \r and U+2028 too).
import {WinnowError} from '../errors.js';

interface Flags {
  i: boolean;
  m: boolean;
  s: boolean;
}

const kPerl: Record<string, string> = {d: '0-9', s: '\\t\\n\\f\\r ', w: '0-9A-Za-z_'};
const kPosix: Record<string, string> = {
  alnum: '0-9A-Za-z', alpha: 'A-Za-z', ascii: '\\x00-\\x7F', blank: '\\t ', cntrl: '\\x00-\\x1F\\x7F', digit: '0-9', graph: '!-~',
  lower: 'a-z', print: ' -~', punct: '!-\\/:-@\\[-`\\{-~', space: '\\t\\n\\v\\f\\r ', upper: 'A-Z', word: '0-9A-Za-z_', xdigit: '0-9A-Fa-f'};
const kControls: Record<string, number> = {a: 7, f: 12, t: 9, n: 10, r: 13, v: 11};
// Names that RE2 and JavaScript share for categories; others are scripts.
const kCategory = /^(?:[LMNPSZC]|L[lmotu]|M[cen]|N[dlo]|P[cdefios]|S[ckmo]|Z[lps]|C[cfos])$/;
// What classes with s and k have besides under (?i): the long s and the Kelvin sign.
const kFoldedAscii = '\\u017F\\u212A';
const kWithLetters = /^(?:w|alnum|alpha|ascii|graph|lower|print|upper|word)$/;
const kMostFolded = 1024;

function literal(code: number): string {
  const text = String.fromCodePoint(code);
  if (/[\\^$.*+?()[\]{}|\/-]/.test(text)) return `\\${text === '-' ? 'x2D' : text}`;
  return code < 32 || (code >= 0xD800 && code <= 0xDFFF) ? `\\u{${code.toString(16)}}` : text;
}

/** A class of everything else. In a group, since V8 10 (Node 18) reads /^a[^x]b/u wrong for characters above U+FFFF. */
function except(members: string): string { return `(?:[^${members}])`; }

const foldings = new Map<number, number[]>();

/** The code points that a code point stands for without regard to case. */
function folded(code: number): number[] {
  let found = foldings.get(code);
  if (found !== undefined) return found;
  const pattern = new RegExp(`^${literal(code)}$`, 'iu');
  found = [];
  for (let other = 0; other <= 0x1E943; ++other) {
    if (other === 0x4E00) other = 0xA640;  // ideographs have no case
    if (other === 0xAC00) other = 0xFB00;
    if ((other < 0xD800 || other > 0xDFFF) && pattern.test(String.fromCodePoint(other))) found.push(other);
  }
  foldings.set(code, found);
  return found;
}

class Translator {
  readonly #source: string;
  #at = 0;
  #flags: Flags = {i: false, m: false, s: false};
  /** Whether an unbounded repetition contains another one, for which JavaScript may take exponential time. */
  nested = false;

  constructor(source: string) { this.#source = source; }

  run(): string {
    const [text] = this.#alternatives(false);
    if (this.#at < this.#source.length) this.#refuse("')' without '('");
    return text;
  }

  #refuse(what: string): never {
    throw new WinnowError('Unsupported', `${what} (at ${this.#at} of '${this.#source}')`, 'write the pattern without it, or check messages with winnow serve');
  }

  #peek(text: string): boolean { return this.#source.startsWith(text, this.#at); }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    const sticky = new RegExp(pattern.source, 'yu');
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#source) ?? undefined;
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }

  /** Returns the expression, and whether it has an unbounded repetition. */
  #alternatives(inGroup: boolean): [string, boolean] {
    const outer = this.#flags;
    this.#flags = {...outer};
    let text = '', unbounded = false;
    while (this.#at < this.#source.length && !this.#peek(')')) {
      if (this.#peek('|')) {
        ++this.#at;
        text += '|';
        continue;
      }
      const [part, has] = this.#repeated();
      text += part;
      unbounded ||= has;
    }
    if (inGroup && !this.#peek(')')) this.#refuse("'(' without ')'");
    this.#flags = outer;
    return [text, unbounded];
  }

  #repeated(): [string, boolean] {
    const quoted = this.#take(/\\Q([^]*?)(?:\\E|$)/);
    if (quoted?.[1] === '') return ['', false];
    // A repetition behind \Q...\E is one of its last character.
    const quotes = [...quoted?.[1] ?? ''].map(c => this.#literal(c.codePointAt(0) as number));
    const before = quotes.slice(0, -1).join('');
    let [atom, unbounded] = quoted === undefined ? this.#atom() : [quotes.at(-1) as string, false];
    for (let first = true;; first = false) {
      const found = this.#take(/[*+?]\??|\{\d+(?:,\d*)?\}\??/);
      if (found === undefined) return [before + atom, unbounded];
      if (!first) this.#refuse('a repetition of a repetition');
      if (atom === '') this.#refuse('a repetition of nothing');
      const open = /^[*+]|,\}/.test(found[0]);
      this.nested ||= open && unbounded;
      unbounded ||= open;
      atom = (/^\^|^\$|^\\[bB]|^\(\?[=<!]/.test(atom) ? `(?:${atom})` : atom) + found[0];
    }
  }

  #literal(code: number): string {
    if (!this.#flags.i) return literal(code);
    const all = folded(code);
    return all.length < 2 ? literal(code) : `[${all.map(literal).join('')}]`;
  }

  #atom(): [string, boolean] {
    const c = this.#source.codePointAt(this.#at) as number;
    const text = String.fromCodePoint(c);
    if (text === '(') return this.#group();
    if (text === '[') return [this.#set(), false];
    if (text === '\\') return [this.#escape(), false];
    if (/[*+?]/.test(text)) this.#refuse('a repetition of nothing');
    this.#at += text.length;
    if (text === '.') return [this.#flags.s ? '[^]' : except('\\n'), false];
    if (text === '^') return [this.#flags.m ? '(?<=^|\\n)' : '^', false];
    if (text === '$') return [this.#flags.m ? '(?=\\n|$)' : '$', false];
    return [this.#literal(c), false];
  }

  #group(): [string, boolean] {
    const flags = this.#take(/\(\?([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/);
    if (flags !== undefined) {
      const set = {...this.#flags};
      for (const [names, value] of [[flags[1] ?? '', true], [flags[2] ?? '', false]] as const) {
        for (const name of names) {
          if (name !== 'i' && name !== 'm' && name !== 's') this.#refuse(`the flag '${name}'`);
          set[name] = value;
        }
      }
      if (flags[3] === ')') {  // for the rest of the group
        this.#flags = set;
        return ['', false];
      }
      const outer = this.#flags;
      this.#flags = set;
      const [inner, unbounded] = this.#alternatives(true);
      this.#flags = outer;
      ++this.#at;
      return [`(?:${inner})`, unbounded];
    }
    if (this.#take(/\(\?P?<[A-Za-z0-9_]+>/) === undefined) {
      if (this.#peek('(?')) this.#refuse('a group that RE2 does not have');
      ++this.#at;
    }
    const [inner, unbounded] = this.#alternatives(true);
    ++this.#at;
    return [`(?:${inner})`, unbounded];
  }

  /** A \p of a class or of a pattern. */
  #property(): string | undefined {
    const found = this.#take(/\\(p|P)(?:\{(\^?)([A-Za-z_]+)\}|([A-Za-z]))/);
    if (found === undefined) return undefined;
    const name = (found[3] ?? found[4]) as string;
    const negated = (found[1] === 'P') !== (found[2] === '^');
    if (name === 'Any') return negated ? '[]' : '\\u{0}-\\u{10FFFF}';
    const property = `\\${negated ? 'P' : 'p'}{${kCategory.test(name) ? name : `Script=${name}`}}`;
    try {
      new RegExp(property, 'u');
    } catch {
      this.#refuse(`the property '${name}'`);
    }
    if (this.#flags.i && /^L[lut]$/.test(name)) this.#refuse(`the property '${name}' under (?i)`);
    return property;
  }

  /** A code point that is written as an escape. */
  #escapedCode(): number | undefined {
    const hex = this.#take(/\\x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/);
    if (hex !== undefined) return Number.parseInt((hex[1] ?? hex[2]) as string, 16);
    const octal = this.#take(/\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/);
    if (octal !== undefined) return Number.parseInt(octal[1] as string, 8);
    const control = this.#take(/\\([aftnrv])/);
    if (control !== undefined) return kControls[control[1] as string];
    return this.#take(/\\([^A-Za-z0-9_])/)?.[0].codePointAt(1);
  }

  #escape(): string {
    const perl = this.#take(/\\([dswDSW])/);
    if (perl !== undefined) {
      const name = perl[1] as string;
      const members = this.#members(name.toLowerCase(), kPerl);
      return name === name.toLowerCase() ? `[${members}]` : except(members);
    }
    const property = this.#property();
    if (property !== undefined) return property.startsWith('\\u') ? '[^]' : property;
    const edge = this.#take(/\\([bBAz])/);
    if (edge !== undefined) return edge[1] === 'A' ? '^' : edge[1] === 'z' ? '$' : edge[0];
    const code = this.#escapedCode();
    if (code === undefined) this.#refuse(`'${this.#source.slice(this.#at, this.#at + 2)}'`);
    return this.#literal(code);
  }

  /** The members of a class of ASCII, under (?i) with what else folds to them. */
  #members(name: string, classes: Record<string, string>): string {
    const members = classes[name] as string;
    if (!this.#flags.i) return members;
    return (name === 'lower' || name === 'upper' ? 'A-Za-z' : members) + (kWithLetters.test(name) ? kFoldedAscii : '');
  }

  #set(): string {
    ++this.#at;
    const negated = this.#take(/\^/) !== undefined;
    let members = '';
    for (let first = true; first || !this.#peek(']'); first = false) {
      if (this.#at >= this.#source.length) this.#refuse("'[' without ']'");
      members += this.#member();
    }
    ++this.#at;
    // A negated class of RE2 has \n too, as one of JavaScript has.
    return negated ? except(members) : `[${members}]`;
  }

  #member(): string {
    const posix = this.#take(/\[:(\^?)([a-z]+):\]/);
    if (posix !== undefined) {
      if (kPosix[posix[2] as string] === undefined || posix[1] !== '') this.#refuse(`the class '${posix[0]}'`);
      return this.#members(posix[2] as string, kPosix);
    }
    const perl = this.#take(/\\([dswDSW])/);
    if (perl !== undefined) {
      const name = perl[1] as string;
      if (name === 'd') return '0-9';
      if (name === name.toLowerCase()) return this.#members(name, kPerl);
      if (name === 'D') return '\\D';
      // The complement within a class: JavaScript's \S excludes more than RE2's, its \W is the same.
      if (name === 'W') return this.#flags.i ? '\\u{0}-\\/:-@\\[-\\^`\\{-\\u{17E}\\u{180}-\\u{2129}\\u{212B}-\\u{10FFFF}' : '\\W';
      return '\\u{0}-\\u{8}\\u{B}\\u{E}-\\u{1F}\\u{21}-\\u{10FFFF}';
    }
    const property = this.#property();
    if (property !== undefined) return property;
    const from = this.#one();
    if (!/^-[^\]]/.test(this.#source.slice(this.#at, this.#at + 2))) return this.#range(from, from);
    ++this.#at;
    const to = this.#one();
    if (to < from) this.#refuse('a range that ends before it begins');
    return this.#range(from, to);
  }

  #one(): number {
    if (this.#peek('\\')) {
      const code = this.#escapedCode();
      return code ?? this.#refuse(`'${this.#source.slice(this.#at, this.#at + 2)}' in a class`);
    }
    const code = this.#source.codePointAt(this.#at) as number;
    this.#at += code > 0xFFFF ? 2 : 1;
    return code;
  }

  #range(from: number, to: number): string {
    const own = from === to ? literal(from) : `${literal(from)}-${literal(to)}`;
    if (!this.#flags.i) return own;
    if (to - from > kMostFolded) this.#refuse(`a range of ${to - from + 1} characters under (?i)`);
    const others = new Set<number>();
    for (let code = from; code <= to; ++code) {
      for (const other of folded(code)) if (other < from || other > to) others.add(other);
    }
    return own + [...others].map(literal).join('');
  }
}

export interface Translated {
  pattern: RegExp;
  /** Why the pattern may be slow on texts made to make it slow, or ''. */
  warning: string;
}

/** The expression of JavaScript that matches what a pattern of RE2 matches. Throws WinnowError (Unsupported), naming what
 * JavaScript has nothing exact for. */
export function translateRe2(source: string): Translated {
  const translator = new Translator(source);
  const text = translator.run();
  try {
    return {
      pattern: new RegExp(text, 'u'),
      warning: translator.nested ? 'a repetition within a repetition, for which JavaScript may take long; RE2 does not' : '',
    };
  } catch (error) {
    throw new WinnowError('Unsupported', `the pattern '${source}' cannot be written for JavaScript: ${(error as Error).message}`, '', {cause: error});
  }
}
