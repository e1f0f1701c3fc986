/** The learning curve of a review: macro-F1 after so many labels; with its interval where this page has seen it measured. */

import type { ReviewStats } from "@/api/review";

export interface CurvePoint {
  labels: number;
  f1: number;
  low: number;
  high: number;
}

/** The curve of before this page was opened. */
export function curveOf(measured: readonly { labels: number; f1_macro: number }[]): CurvePoint[] {
  return measured.map(({ labels, f1_macro }) => ({ labels, f1: f1_macro, low: f1_macro, high: f1_macro }));
}

/** `points` with the one of `stats`; points of more labels, which an undo has taken back, go. */
export function withPoint(points: readonly CurvePoint[], stats: ReviewStats): CurvePoint[] {
  if (stats.f1_macro === null) return points.filter((point) => point.labels < stats.labelled);
  const before = points.filter((point) => point.labels < stats.labelled);
  const last = before.at(-1);
  const next = {
    labels: stats.labelled,
    f1: stats.f1_macro,
    low: stats.low ?? stats.f1_macro,
    high: stats.high ?? stats.f1_macro,
  };
  // Labels between two fits of the model change nothing.
  const beforeLast = before.at(-2);
  const flat = [beforeLast, last].every((p) => p && p.f1 === next.f1 && p.low === next.low && p.high === next.high);
  return flat ? [...before.slice(0, -1), next] : [...before, next];
}

export interface CurvePaths {
  line: string;
  band: string;
  end: { x: number; y: number };
}

/** Paths of SVG in a box of `width` and `height`; null before the second measurement. */
export function curvePaths(points: readonly CurvePoint[], width: number, height: number): CurvePaths | null {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last || points.every((point) => point.f1 === first.f1 && point.low === first.low)) return null;
  const bottom = Math.min(...points.map((point) => point.low));
  const top = Math.max(...points.map((point) => point.high), bottom + 0.05);
  const inset = 3;
  const x = (point: CurvePoint) =>
    inset + ((point.labels - first.labels) / Math.max(1, last.labels - first.labels)) * (width - 2 * inset);
  const y = (value: number) => height - inset - ((value - bottom) / (top - bottom)) * (height - 2 * inset);
  const path = (values: [number, number][]) =>
    values.map(([px, py]) => `${px.toFixed(1)} ${py.toFixed(1)}`).join(" L ");
  const over = points.map((point): [number, number] => [x(point), y(point.high)]);
  const under = points.map((point): [number, number] => [x(point), y(point.low)]).reverse();
  return {
    line: `M ${path(points.map((point) => [x(point), y(point.f1)]))}`,
    band: `M ${path([...over, ...under])} Z`,
    end: { x: x(last), y: y(last.f1) },
  };
}
