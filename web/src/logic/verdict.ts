// What a model said of a text, for people.
import type { Prediction } from "@/api/classify";

export interface Verdict {
  kind: "decided" | "none" | "unsure" | "out_of_scope";
  labels: string[];
  /** Probability of the decided label. */
  confidence: number;
}

/** Out of scope counts before uncertain, and both before the label that would have been. */
export function verdictOf(prediction: Prediction): Verdict {
  const labels = Array.isArray(prediction.decision) ? prediction.decision : [prediction.decision];
  const confidence = prediction.confidence;
  if (prediction.out_of_scope) return { kind: "out_of_scope", labels: prediction.nearest_label ? [prediction.nearest_label] : labels, confidence };
  if (prediction.abstained) return { kind: "unsure", labels: labels.length > 0 ? labels : [prediction.label], confidence };
  if (labels.length === 0) return { kind: "none", labels: [], confidence };
  return { kind: "decided", labels, confidence };
}

/** How many texts got which verdict, the most frequent first. */
export function tally(predictions: readonly Prediction[]): { name: string; kind: Verdict["kind"]; count: number }[] {
  const counts = new Map<string, { name: string; kind: Verdict["kind"]; count: number }>();
  for (const prediction of predictions) {
    const verdict = verdictOf(prediction);
    const names = verdict.kind === "decided" ? verdict.labels : [""];
    for (const name of names) {
      const key = `${verdict.kind} ${name}`;
      const entry = counts.get(key) ?? { name, kind: verdict.kind, count: 0 };
      entry.count += 1;
      counts.set(key, entry);
    }
  }
  return [...counts.values()].sort((a, b) => b.count - a.count);
}

/** Texts of a field with one per line; empty lines count for nothing. */
export const linesOf = (text: string): string[] => text.split(/\r?\n/).filter((line) => line.trim() !== "");
