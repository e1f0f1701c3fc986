// An experiment in words and numbers for charts.
import type { Experiment } from "@/api/registry";

/** How far the evidence has come towards a decision, 0 to 1: E = 1 is the beginning, E = 1/alpha decides. */
export function progressOf(logEvidence: number, alpha: number): number {
  return Math.min(1, Math.max(0, logEvidence / Math.log(1 / alpha)));
}

/** E for people: "3.2", "180", "10^6". */
export function evidence(logEvidence: number): string {
  const log10 = logEvidence / Math.LN10;
  if (log10 >= 4) return `10^${Math.floor(log10)}`;
  return String(Number(Math.exp(logEvidence).toPrecision(3)));
}

export interface DifferencePoint {
  labels: number;
  estimate: number;
  low: number;
  high: number;
}

/** Errors of the candidate per 1,000 messages beyond those of the champion; null until a disagreement has a label. */
export function differenceOf(experiment: Experiment): DifferencePoint | null {
  const { labels, errors_per_message, errors_per_message_interval } = experiment.difference;
  if (labels === 0) return null;
  return {
    labels,
    estimate: errors_per_message * 1000,
    low: errors_per_message_interval[0] * 1000,
    high: errors_per_message_interval[1] * 1000,
  };
}

/** Adds a point to the sequence that was seen, unless nothing has changed. */
export function seen(points: readonly DifferencePoint[], next: DifferencePoint | null): DifferencePoint[] {
  const last = points[points.length - 1];
  if (!next || (last && last.labels === next.labels)) return [...points];
  return [...points.filter((point) => point.labels < next.labels), next].slice(-500);
}
