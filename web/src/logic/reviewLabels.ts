/** Labels and seed words as people type them when they create a set. */

/** Names of labels, one per line or separated by commas; without repetitions. */
export function parsedLabels(text: string): string[] {
  const names = text.split(/[\n,;]/).map((name) => name.trim().replace(/\s+/g, " "));
  return [...new Set(names.filter((name) => name !== ""))];
}

export interface ParsedSeeds {
  seeds: Record<string, string[]>;
  /** Lines that are not `label: word, word`. */
  wrong: string[];
}

/** Seed words, one label per line: `spam: prize, winner, free`. */
export function parsedSeeds(text: string): ParsedSeeds {
  const seeds = new Map<string, string[]>();
  const wrong: string[] = [];
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    const label = line.slice(0, Math.max(colon, 0)).trim();
    const words = line
      .slice(colon + 1)
      .split(/[,;]/)
      .map((word) => word.trim())
      .filter((word) => word !== "");
    if (label === "" || words.length === 0) wrong.push(line);
    else seeds.set(label, [...new Set([...(seeds.get(label) ?? []), ...words])]);
  }
  return { seeds: Object.fromEntries(seeds), wrong };
}

/** A name for a set of texts of the file `data`: its name without the ending, and a number if that is taken. */
export function suggestedName(data: string, taken: readonly string[]): string {
  const stem = data.replace(/(\.(csv|tsv|txt|jsonl?|ndjson|gz))+$/i, "").replace(/[^A-Za-z0-9._-]+/g, "-") || "review";
  if (!taken.includes(stem)) return stem;
  for (let n = 2; ; ++n) {
    if (!taken.includes(`${stem}-${n}`)) return `${stem}-${n}`;
  }
}
