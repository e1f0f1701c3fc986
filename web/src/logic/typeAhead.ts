/** Search over the names of labels: the best match first, as somebody types who knows the label. */

function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}

/** Smaller is better; null if `label` does not match: whole name, its start, the start of a word, inside, in order. */
function rankOf(label: string, query: string): number | null {
  const name = folded(label);
  if (name === query) return 0;
  if (name.startsWith(query)) return 1;
  const words = name.split(/[\s_\-./]+/);
  if (words.some((word) => word.startsWith(query))) return 2;
  if (initialsMatch(words, query)) return 3;
  if (name.includes(query)) return 4;
  return isInOrder(query, name) ? 5 : null;
}

function initialsMatch(words: readonly string[], query: string): boolean {
  return (
    query.length > 1 &&
    words
      .map((word) => word.charAt(0))
      .join("")
      .startsWith(query)
  );
}

function isInOrder(query: string, name: string): boolean {
  let at = 0;
  for (const letter of query) {
    at = name.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** The labels that match `query`, the best first; labels of one rank keep their order. All labels for an empty query. */
export function matchingLabels(labels: readonly string[], query: string): string[] {
  const wanted = folded(query.trim());
  if (wanted === "") return [...labels];
  const ranked = labels.flatMap((label, index) => {
    const rank = rankOf(label, wanted);
    return rank === null ? [] : [{ label, rank, index }];
  });
  ranked.sort((a, b) => a.rank - b.rank || a.index - b.index);
  return ranked.map((entry) => entry.label);
}

/** The label that `query` would add: its text without surrounding spaces; null if there is such a label already. */
export function newLabelOf(labels: readonly string[], query: string): string | null {
  const name = query.trim().replace(/\s+/g, " ");
  if (name === "" || labels.some((label) => folded(label) === folded(name))) return null;
  return name;
}
