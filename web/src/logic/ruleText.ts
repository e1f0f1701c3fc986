// Rules as text in TOML: their names, their templates, and the errors of their lines.

export interface RuleError {
  line: number | null;
  message: string;
}

/** Returns the name that the text of a rule states, or an empty string. The server checks the rest. */
export function nameInRule(text: string): string {
  const match = /^[ \t]*name[ \t]*=[ \t]*(?:"([^"\n]*)"|'([^'\n]*)')/m.exec(text);
  return match?.[1] ?? match?.[2] ?? "";
}

/** True if the server accepts the name: letters, digits and underscores. */
export function isRuleName(name: string): boolean {
  return /^[A-Za-z0-9_]+$/.test(name);
}

/** Escapes what a pattern would read as an operator, so that it matches the words themselves. */
export function literalPattern(words: string): string {
  return words.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&").replace(/\s+/g, "\\s+");
}

/** Returns a string of TOML: in single quotes, which keep backslashes, unless the text has such a quote. */
export function tomlString(text: string): string {
  if (!/['\n\r]/.test(text)) return `'${text}'`;
  const escaped = text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r");
  return `"${escaped}"`;
}

/** Makes the text of a rule that matches words in the text of a message. */
export function ruleOfWords(name: string, words: string, score: number): string {
  const pattern = `(?i)${literalPattern(words.trim())}`;
  return [
    "[[rule]]",
    `name = "${name}"`,
    'description = ""',
    `score = ${score.toFixed(1)}`,
    'field = "text"',
    `pattern = ${tomlString(pattern)}`,
    "",
  ].join("\n");
}

/** The errors of each line, numbered from 1; those of no line, or of one that the text lacks, are with the first. */
export function errorsByLine(errors: readonly RuleError[], lines: number): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const { line, message } of errors) {
    const shown = line !== null && line >= 1 && line <= lines ? line : 1;
    found.set(shown, [...(found.get(shown) ?? []), message]);
  }
  return found;
}

/** Number of lines of a text, of which the last may be empty. */
export function lineCount(text: string): number {
  return text.split("\n").length;
}

/** Returns where a line begins and ends in a text, so that it can be selected. */
export function lineRange(text: string, line: number): { start: number; end: number } {
  const lines = text.split("\n");
  const before = lines.slice(0, Math.max(0, line - 1));
  const start = before.reduce((sum, each) => sum + each.length + 1, 0);
  return { start: Math.min(start, text.length), end: Math.min(start + (lines[line - 1]?.length ?? 0), text.length) };
}

/** Returns the score that the text of a rule states; null if it states none that can be read. */
export function scoreInRule(text: string): number | null {
  const match = /^[ \t]*score[ \t]*=[ \t]*([-+]?\d+(?:\.\d+)?)[ \t]*(?:#.*)?$/m.exec(text);
  return match ? Number(match[1]) : null;
}
