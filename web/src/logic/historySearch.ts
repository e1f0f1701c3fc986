// The search of the history as it lies in the address of the page, and as the server is asked.

import { isTimeRange, timeBounds, type TimeRange } from "./timeRange";

export type VerdictChoice = "any" | "spam" | "ham";
export const sources = ["reputation", "rules", "classifier", "fallback"] as const;
export type Source = (typeof sources)[number];

export interface HistorySearch {
  text: string;
  sender: string;
  user: string;
  verdict: VerdictChoice;
  source: Source | "";
  symbol: string;
  /** Bounds of the score in percent, as typed; empty: none. */
  min: string;
  max: string;
  time: TimeRange;
  from: string;
  to: string;
  /** Value of `next` of the page before; 0: the first page. */
  before: number;
}

export const pageSize = 25;

export const emptySearch: Readonly<HistorySearch> = {
  text: "",
  sender: "",
  user: "",
  verdict: "any",
  source: "",
  symbol: "",
  min: "",
  max: "",
  time: "all",
  from: "",
  to: "",
  before: 0,
};

/** The query of an address, as vue-router has it. */
export type AddressQuery = Record<string, string | null | undefined | (string | null)[]>;

function one(query: AddressQuery, name: string): string {
  const value = query[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first ?? "";
}

function percent(text: string): string {
  const value = Number(text);
  return text.trim() !== "" && value >= 0 && value <= 100 ? String(value) : "";
}

/** Reads a search from an address. What the address says wrongly counts as not said. */
export function searchOfAddress(query: AddressQuery): HistorySearch {
  const verdict = one(query, "verdict");
  const source = one(query, "source");
  const time = one(query, "time");
  const before = Number(one(query, "before"));
  return {
    text: one(query, "text"),
    sender: one(query, "sender"),
    user: one(query, "user"),
    verdict: verdict === "spam" || verdict === "ham" ? verdict : "any",
    source: (sources as readonly string[]).includes(source) ? (source as Source) : "",
    symbol: one(query, "symbol"),
    min: percent(one(query, "min")),
    max: percent(one(query, "max")),
    time: isTimeRange(time) ? time : "all",
    from: one(query, "from"),
    to: one(query, "to"),
    before: Number.isSafeInteger(before) && before > 0 ? before : 0,
  };
}

/** Returns the query of an address for a search, without what is as in an empty search. */
export function addressOfSearch(search: HistorySearch): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(search) as [keyof HistorySearch, string | number][]) {
    const custom = search.time === "custom" || (name !== "from" && name !== "to");
    if (custom && value !== emptySearch[name]) query[name] = String(value);
  }
  return query;
}

/** Returns the parameters of GET /v1/history for a search at `now`. */
export function requestOfSearch(search: HistorySearch, now: Date): Record<string, string> {
  const request: Record<string, string> = { limit: String(pageSize) };
  for (const name of ["text", "sender", "user", "source", "symbol"] as const) {
    const value = search[name].trim();
    if (value !== "") request[name] = value;
  }
  if (search.verdict !== "any") request.isSpam = String(search.verdict === "spam");
  if (search.min !== "") request.min_score = String(Number(search.min) / 100);
  if (search.max !== "") request.max_score = String(Number(search.max) / 100);
  if (search.before > 0) request.before = String(search.before);
  return { ...request, ...timeBounds(search.time, now, search.from, search.to) };
}

/** Parts of a search that a person can take away one by one; the page is none of them. */
export type SearchPart = Exclude<keyof HistorySearch, "before" | "from" | "to" | "max">;

/** Returns the parts that a search has, in the order of the form; a range of scores is one part, named `min`. */
export function partsOf(search: HistorySearch): SearchPart[] {
  const names: SearchPart[] = ["text", "verdict", "time", "sender", "user", "source", "symbol", "min"];
  return names.filter((name) => search[name] !== emptySearch[name] || (name === "min" && search.max !== emptySearch.max));
}

/** Returns a search without one of its parts, at its first page. */
export function withoutPart(search: HistorySearch, part: SearchPart): HistorySearch {
  const rest = { ...search, [part]: emptySearch[part], before: 0 };
  if (part === "min") rest.max = "";
  if (part === "time") rest.from = rest.to = "";
  return rest;
}
