/** Which labels get a button for a text, and in which order. */

import type { ReviewItem, ScoredLabel } from "@/api/review";

const kMostButtons = 9;

export interface LabelChoice {
  label: string;
  /** Probability of the label for this text; null in blind queues. */
  score: number | null;
}

/**
 * Up to nine labels: all of them, always in the same order, so that fingers learn the keys. More: those that are the most
 * probable for the text; without scores, the first ones.
 */
export function choicesOf(labels: readonly string[], item: ReviewItem | null): LabelChoice[] {
  const scores = new Map((item?.scores ?? []).map((each: ScoredLabel) => [each.label, each.score]));
  const choice = (label: string): LabelChoice => ({ label, score: scores.get(label) ?? null });
  if (labels.length <= kMostButtons) return labels.map(choice);
  const scored = labels.filter((label) => scores.has(label)).map(choice);
  scored.sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
  const rest = labels.filter((label) => !scores.has(label)).map(choice);
  return [...scored, ...rest].slice(0, kMostButtons);
}
