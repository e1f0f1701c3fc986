// The findings of `winnow data doctor`: by kind, with what can be done about each.

export interface Finding {
  /** Its place in the report: the row of a finding moves, and others may then have the row that it had. */
  id: number;
  kind: string;
  file: string | null;
  /** The row, counted as the rows of the file are; null where the finding is about a label. */
  line: number | null;
  label: string;
  /** Another label, "drop", or empty if only a person can decide. */
  suggested: string;
  score: number;
  note: string;
}

export interface DoctorReport {
  texts: number;
  counts: Record<string, number>;
  labels_judged: { texts: number; errors: number; agreement: number | null; note: string };
  findings: Omit<Finding, "id">[];
}

export const numbered = (report: DoctorReport): Finding[] => report.findings.map((finding, id) => ({ ...finding, id }));

/** The order of importance, as the doctor has it. */
export const kKinds = [
  "similar labels",
  "leak",
  "conflict",
  "label error",
  "near leak",
  "near conflict",
  "duplicate",
  "near duplicate",
  "encoding",
  "script",
  "nearly empty",
  "length",
  "small class",
  "one-text class",
  "unequal classes",
] as const;

export interface FindingGroup {
  kind: string;
  findings: Finding[];
}

/** The findings by kind, the most important first; kinds without any are left out. */
export function groupsOf(findings: readonly Finding[]): FindingGroup[] {
  const groups = new Map<string, Finding[]>(kKinds.map((kind) => [kind, []]));
  for (const finding of findings) {
    const group = groups.get(finding.kind);
    if (group) group.push(finding);
    else groups.set(finding.kind, [finding]);
  }
  return [...groups].filter(([, list]) => list.length > 0).map(([kind, list]) => ({ kind, findings: list }));
}

export type Fix = { action: "remove" } | { action: "relabel"; label: string };

/** What the doctor proposes: nothing if only a person can decide. */
export function proposalOf(finding: Finding): Fix | null {
  if (finding.line === null || finding.suggested === "") return null;
  if (finding.suggested === "drop") return { action: "remove" };
  return { action: "relabel", label: finding.suggested };
}

export interface Changes {
  remove: number[];
  relabel: { row: number; label: string }[];
}

/** The note with the rows that it names, "FILE:ROW", changed. */
function withRows({ file, note }: Pick<Finding, "file" | "note">, change: (row: number) => string): string {
  if (file === null) return note;
  const [first = "", ...others] = note.split(`${file}:`);
  return [first, ...others.map((part) => part.replace(/^\d+/, (row) => change(Number(row))))].join("");
}

/** The note for people: other rows of the file are named by their numbers, not by where the server has the file. */
export const noteOf = (finding: Pick<Finding, "file" | "note">): string => withRows(finding, (row) => `row ${row}`);

/** The changes that carry out fixes. A row that is to be removed is not relabelled; the last fix of a row counts. */
export function changesOf(fixes: readonly { row: number; fix: Fix }[]): Changes {
  const last = new Map(fixes.map(({ row, fix }) => [row, fix]));
  for (const { row, fix } of fixes) if (fix.action === "remove") last.set(row, fix);
  const changes: Changes = { remove: [], relabel: [] };
  for (const [row, fix] of [...last].sort(([a], [b]) => a - b)) {
    if (fix.action === "remove") changes.remove.push(row);
    else changes.relabel.push({ row, label: fix.label });
  }
  return changes;
}

/**
 * The findings as they are after rows have been removed: of these rows there are none, and those of later rows have
 * moved up, as have the rows that notes name. Findings of rows that were relabelled are settled too.
 */
export function afterChanges(findings: readonly Finding[], changes: Changes): Finding[] {
  const removed = [...changes.remove].sort((a, b) => a - b);
  const settled = new Set([...removed, ...changes.relabel.map((each) => each.row)]);
  const before = (row: number) => {
    let low = 0;
    let high = removed.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (removed[middle]! < row) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return findings
    .filter((each) => each.line === null || !settled.has(each.line))
    .map((each) => ({
      ...each,
      line: each.line === null ? null : each.line - before(each.line),
      note: withRows(each, (row) => `${each.file}:${row - before(row)}`),
    }));
}
