// What files of rules use of TOML 1.0: tables, arrays of tables, dotted headings, strings of all four kinds, numbers,
// booleans and arrays. Dates, inline tables and dotted keys are refused by name.
import {WinnowError} from '../errors.js';

export type TomlValue = string | number | boolean | TomlValue[] | TomlTable;
export interface TomlTable {
  [key: string]: TomlValue;
}

const kEscapes: Record<string, string> = {b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', '"': '"', '\\': '\\'};

class Parser {
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text.replace(/\r\n/g, '\n');
    this.#file = file;
  }

  run(): TomlTable {
    const root: TomlTable = {};
    let table = root;
    for (this.#skip(true); this.#at < this.#text.length; this.#skip(true)) {
      if (this.#text[this.#at] === '[') {
        table = this.#heading(root);
      } else {
        const key = this.#key();
        this.#expect('=');
        if (Object.hasOwn(table, key)) this.#refuse(`the key '${key}' is there twice`);
        table[key] = this.#value();
      }
      this.#endOfLine();
    }
    return root;
  }

  #refuse(message: string): never {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    throw new WinnowError('InvalidData', `${this.#file}, line ${line}: ${message}`, 'docs/rules.md describes files of rules');
  }

  /** Skips spaces and, with `lines`, line ends and comments. */
  #skip(lines: boolean): void {
    const pattern = lines ? /(?:[ \t\n]|#[^\n]*)*/y : /[ \t]*/y;
    pattern.lastIndex = this.#at;
    this.#at += (pattern.exec(this.#text)?.[0] ?? '').length;
  }

  #take(pattern: RegExp): string | undefined {
    const sticky = new RegExp(pattern, 'y');
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #expect(text: string): void {
    this.#skip(false);
    if (!this.#text.startsWith(text, this.#at)) this.#refuse(`expected '${text}'`);
    this.#at += text.length;
    this.#skip(false);
  }

  #endOfLine(): void {
    this.#skip(false);
    if (this.#take(/(?:#[^\n]*)?(?:\n|$)/) === undefined) this.#refuse('expected the end of the line');
  }

  #key(): string {
    const bare = this.#take(/[A-Za-z0-9_-]+/);
    const key = bare ?? (this.#text[this.#at] === '"' || this.#text[this.#at] === "'" ? this.#string() : this.#refuse('expected a key'));
    if (key === '__proto__') this.#refuse("the key '__proto__' is not allowed");
    return key;
  }

  #heading(root: TomlTable): TomlTable {
    const isArray = this.#text.startsWith('[[', this.#at);
    this.#at += isArray ? 2 : 1;
    this.#skip(false);
    const path = [this.#key()];
    for (this.#skip(false); this.#text[this.#at] === '.'; this.#skip(false)) {
      this.#expect('.');
      path.push(this.#key());
    }
    this.#expect(isArray ? ']]' : ']');
    const last = path.pop() as string;
    let table = root;
    for (const key of path) {
      const next = table[key] ??= {};
      const inner = Array.isArray(next) ? next.at(-1) : next;
      if (typeof inner !== 'object' || Array.isArray(inner)) this.#refuse(`'${key}' is not a table`);
      table = inner;
    }
    const made: TomlTable = {};
    if (isArray) {
      const list = table[last] ??= [];
      if (!Array.isArray(list)) this.#refuse(`'${last}' is not a list of tables`);
      list.push(made);
      return made;
    }
    if (Object.hasOwn(table, last)) this.#refuse(`the table '${last}' is there twice`);
    return table[last] = made;
  }

  #value(): TomlValue {
    const first = this.#text[this.#at];
    if (first === '"' || first === "'") return this.#string();
    if (first === '[') return this.#array();
    if (first === '{') this.#refuse('inline tables are not read here');
    const word = this.#take(/[A-Za-z0-9_+.:-]+/) ?? this.#refuse('expected a value');
    if (word === 'true' || word === 'false') return word === 'true';
    if (/^[+-]?(?:\d+(?:_\d+)*)(?:\.\d+(?:_\d+)*)?(?:[eE][+-]?\d+)?$/.test(word)) return Number(word.replaceAll('_', ''));
    return this.#refuse(`'${word}' is not a string, number, boolean or list`);
  }

  #array(): TomlValue[] {
    const values: TomlValue[] = [];
    ++this.#at;
    for (this.#skip(true); this.#text[this.#at] !== ']'; this.#skip(true)) {
      if (this.#at >= this.#text.length) this.#refuse('the list has no end');
      values.push(this.#value());
      this.#skip(true);
      if (this.#text[this.#at] === ',') ++this.#at;
      else if (this.#text[this.#at] !== ']') this.#refuse("expected ',' or ']'");
    }
    ++this.#at;
    return values;
  }

  #string(): string {
    const quote = this.#text[this.#at] as string;
    const isLong = this.#text.startsWith(quote.repeat(3), this.#at);
    const end = isLong ? quote.repeat(3) : quote;
    this.#at += end.length;
    if (isLong && this.#text[this.#at] === '\n') ++this.#at;
    let value = '';
    while (!this.#text.startsWith(end, this.#at)) {
      const c = this.#text[this.#at];
      if (c === undefined || (c === '\n' && !isLong)) this.#refuse('the string has no end');
      ++this.#at;
      value += c === '\\' && quote === '"' ? this.#escape(isLong) : c;
    }
    this.#at += end.length;
    return value;
  }

  #escape(isLong: boolean): string {
    if (isLong && this.#take(/[ \t]*\n\s*/) !== undefined) return '';
    const code = this.#take(/u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}/);
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code.slice(1), 16));
    const escaped = kEscapes[this.#text[this.#at] ?? ''];
    if (escaped === undefined) this.#refuse(`unknown escape '\\${this.#text[this.#at] ?? ''}'; single quotes keep backslashes`);
    ++this.#at;
    return escaped;
  }
}

/** Parses TOML, as far as files of rules use it. */
export function parseToml(text: string, file: string): TomlTable { return new Parser(text, file).run(); }
