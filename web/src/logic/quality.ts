// How good a model is: in words first, with the metric behind them.
import { metric } from "./format";

/** A share as a count of 100, or of more where it is small: "about 3 of 100", "about 4 of 1,000", "none". */
export function ofHundred(share: number): { count: number; of: number } {
  if (share <= 0) return { count: 0, of: 100 };
  for (const of of [100, 1_000, 10_000]) {
    const count = Math.round(share * of);
    if (count >= 1) return { count: Math.min(count, of), of };
  }
  return { count: 1, of: 10_000 };
}

/** "accuracy .992 [.954, .999]" */
export function metricText(name: string, value: number, interval?: readonly [number, number]): string {
  const bounds = interval ? ` [${metric(interval[0])}, ${metric(interval[1])}]` : "";
  return `${name} ${metric(value)}${bounds}`;
}

export interface QualitySource {
  metrics: Record<string, number>;
  intervals?: Record<string, [number, number]> | undefined;
  testTexts?: number | undefined;
}

/** What the sentence about the metrics stands on: "accuracy .992 [.954, .999], macro-F1 .991, on 120 test texts". */
export function metricsBehind(source: QualitySource): string {
  const names: [string, string][] = [
    ["accuracy", "accuracy"],
    ["f1_macro", "macro-F1"],
    ["fpr", "false-positive rate"],
  ];
  const parts = names.flatMap(([key, name]) => {
    const value = source.metrics[key];
    return value === undefined ? [] : [metricText(name, value, source.intervals?.[key])];
  });
  if (source.testTexts !== undefined) parts.push(`on ${source.testTexts.toLocaleString("en-US")} test texts`);
  return parts.join(", ");
}
