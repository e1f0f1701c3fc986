// Labels that people give to messages of the history, and the requests that bring the former ones back.

/** What somebody has said about a message; null: nothing. */
export type Said = string | null;

/** The last word of a user, an administrator or a program about a message. */
export interface FeedbackWord {
  label: string;
  by: "admin" | "user" | "program";
  user: string | null;
  time: string;
}

function lastOf(words: readonly FeedbackWord[], by: FeedbackWord["by"]): Said {
  let last: FeedbackWord | null = null;
  for (const word of words) if (word.by === by && (last === null || word.time >= last.time)) last = word;
  return last?.label ?? null;
}

/** What administrators say, of whom the page is one: this can be withdrawn here. */
export const adminLabel = (words: readonly FeedbackWord[]): Said => lastOf(words, "admin");

/** What users say; it counts where no administrator says anything. */
export const userLabel = (words: readonly FeedbackWord[]): Said => lastOf(words, "user");

export interface FormerLabel {
  id: string;
  said: Said;
}

/** Messages that get the same label, or whose label is withdrawn (null), by one request. */
export interface LabelRequest {
  ids: string[];
  label: Said;
}

/** The most ids of one request to POST /v1/feedback. */
export const mostIds = 100;

/** Splits ids into requests that the server accepts. */
export function labelRequests(ids: readonly string[], label: Said): LabelRequest[] {
  const requests: LabelRequest[] = [];
  for (let from = 0; from < ids.length; from += mostIds) {
    requests.push({ ids: ids.slice(from, from + mostIds), label });
  }
  return requests;
}

/** Returns the requests that give each message back what was said before; at most one for each label and 100 ids. */
export function undoRequests(former: readonly FormerLabel[]): LabelRequest[] {
  const byLabel = new Map<Said, string[]>();
  for (const { id, said } of former) byLabel.set(said, [...(byLabel.get(said) ?? []), id]);
  return [...byLabel].flatMap(([label, ids]) => labelRequests(ids, label));
}

/** A set of marked messages, for actions in bulk. Marks of messages that are no longer shown are dropped. */
export function marksOf(marked: ReadonlySet<string>, shown: readonly string[]): Set<string> {
  return new Set(shown.filter((id) => marked.has(id)));
}

/** State of the check box that marks all: on if all are marked, indeterminate if some are. */
export function allMark(marked: ReadonlySet<string>, shown: readonly string[]): boolean | "indeterminate" {
  const count = shown.filter((id) => marked.has(id)).length;
  if (count === 0) return false;
  return count === shown.length ? true : "indeterminate";
}
