// The rows of a data file of the workspace: looked through, corrected, and brought back.
import type { ReadingOptions } from "./data";
import { get, request, segment } from "./http";

export interface DataRow {
  row: number;
  text: string;
  label: string | null;
}

export interface RowPage {
  total: number;
  rows: DataRow[];
  /** Which version of the file this is; a change of another version is refused. */
  version: string;
}

export interface RowQuery {
  contains?: string;
  label?: string;
  offset?: number;
  limit?: number;
}

export interface RowChanges {
  remove: number[];
  relabel: { row: number; label: string }[];
}

export interface RowsChanged {
  changed: number;
  removed: number;
  /** The version of the file afterwards. */
  version: string;
}

const path = (name: string): string => `/v1/data/${segment(name)}`;

export const dataRows = (name: string, options: ReadingOptions, query: RowQuery = {}, signal?: AbortSignal): Promise<RowPage> =>
  get(`${path(name)}/rows`, { ...options, ...query }, signal);

/** Changes rows; the former version of the file is kept. With `version`, a file that was changed meanwhile is refused (409). */
export const changeRows = (
  name: string,
  changes: RowChanges,
  options: ReadingOptions,
  version?: string,
): Promise<RowsChanged> =>
  request("POST", `${path(name)}/changes`, { body: changes, query: { ...options, version } });

/** Brings back the version of the file before the last change. With `version`, a file that was changed since is refused (409). */
export const undoChange = (name: string, version?: string): Promise<{ version: string }> =>
  request("POST", `${path(name)}/undo`, { body: {}, query: { version } });

/**
 * The row of that number, or null if the file has no such row that is read. Rows are numbered as in the file, headers
 * and rows without a label included, so that the place in the list is found by a search that begins with a good guess.
 */
export async function findRow(
  row: number,
  fetchRows: (offset: number, limit: number) => Promise<RowPage>,
): Promise<DataRow | null> {
  const kWindow = 8;
  let low = 0;
  let high = row; // the place of a row is below its number
  let guess = Math.max(0, row - 2 - kWindow / 2);
  for (let tries = 0; tries < 40 && low < high + kWindow; tries++) {
    const page = await fetchRows(guess, kWindow);
    const found = page.rows.find((each) => each.row === row);
    if (found) return found;
    const first = page.rows[0];
    const last = page.rows[page.rows.length - 1];
    if (first && last && first.row < row && row < last.row) return null;
    if (!first || first.row > row) high = guess - 1;
    else low = guess + page.rows.length;
    if (low > high) return null;
    guess = Math.max(low, Math.min(high, Math.floor((low + high) / 2)));
  }
  return null;
}
