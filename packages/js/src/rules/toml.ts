// TOML of files of rules, read by smol-toml, which the build makes part of the package.
import {TomlError, parse} from 'smol-toml';

import {WinnowError} from '../errors.js';

export type TomlValue = string | number | boolean | Date | TomlValue[] | TomlTable;
export interface TomlTable {
  [key: string]: TomlValue;
}

export function isTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** Parses TOML 1.0. Throws WinnowError InvalidData, with the line. */
export function parseToml(text: string, file: string): TomlTable {
  try {
    return parse(text) as TomlTable;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    throw new WinnowError('InvalidData', `${file}, line ${error.line}: ${message}`, 'docs/rules.md describes files of rules', {cause: error});
  }
}
