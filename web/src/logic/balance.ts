// How the texts of a data file are distributed over its labels, and what that means.

export interface LabelCount {
  label: string;
  count: number;
}

export interface LabelShare extends LabelCount {
  /** Of all labelled texts, from 0 to 1. */
  share: number;
  /** Length of the bar, from 0 to 1: the most frequent label has 1. */
  bar: number;
  /** Too few texts to learn the label and to measure it. */
  few: boolean;
}

/** Fewer texts than this can hardly be divided into a training, a validation and a test part. */
export const kFewTexts = 10;

/** The labels, the most frequent first. */
export function sharesOf(labels: readonly LabelCount[]): LabelShare[] {
  const total = labels.reduce((sum, each) => sum + each.count, 0);
  const most = labels.reduce((max, each) => Math.max(max, each.count), 0);
  return [...labels]
    .sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1))
    .map(({ label, count }) => ({
      label,
      count,
      share: total > 0 ? count / total : 0,
      bar: most > 0 ? count / most : 0,
      few: count < kFewTexts,
    }));
}

export type Balance =
  | { kind: "none" }
  | { kind: "one"; label: string }
  | { kind: "unequal"; label: string; percent: number }
  | { kind: "few"; labels: string[] }
  | { kind: "good" };

/** The most important thing to say about the labels. */
export function balanceOf(labels: readonly LabelCount[]): Balance {
  const shares = sharesOf(labels);
  const first = shares[0];
  if (!first) return { kind: "none" };
  if (shares.length === 1) return { kind: "one", label: first.label };
  const few = shares.filter((each) => each.few).map((each) => each.label);
  if (few.length > 0) return { kind: "few", labels: few };
  if (first.share >= 0.9) return { kind: "unequal", label: first.label, percent: Math.round(first.share * 100) };
  return { kind: "good" };
}
