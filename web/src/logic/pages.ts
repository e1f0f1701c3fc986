// Pages of a list that the page of the browser has as a whole, such as the rules in use.

export interface PageOf<T> {
  rows: T[];
  /** Number of rows before the page. */
  first: number;
  total: number;
  page: number;
  pages: number;
}

/** Returns a page, counted from 1; a page that there is not becomes the nearest one. */
export function pageOf<T>(all: readonly T[], page: number, size: number): PageOf<T> {
  const pages = Math.max(1, Math.ceil(all.length / size));
  const shown = Math.min(pages, Math.max(1, Number.isFinite(page) ? Math.floor(page) : 1));
  const first = (shown - 1) * size;
  return { rows: all.slice(first, first + size), first, total: all.length, page: shown, pages };
}

/** True if every word of the search is in one of the texts, without regard to case. */
export function hasWords(search: string, ...texts: readonly string[]): boolean {
  const all = texts.join("\n").toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
