import { describe, expect, it } from "vitest";
import type { ReviewItem, ReviewStats } from "@/api/review";
import { choicesOf } from "./labelChoice";
import { curveOf, curvePaths, withPoint } from "./reviewCurve";
import type { CurvePoint } from "./reviewCurve";

function stats(labelled: number, f1: number | null): ReviewStats {
  const interval = { low: f1 === null ? null : f1 - 0.1, high: f1 === null ? null : f1 + 0.1 };
  return { labelled, skipped: 0, f1_macro: f1, ...interval, next: null, per_label: {}, sentence: "" };
}

describe("withPoint", () => {
  it("adds what is measured, keeps one point per level end, and forgets what was undone", () => {
    let points: CurvePoint[] = [];
    for (const [labels, f1] of [
      [5, null],
      [10, 0.5],
      [11, 0.5],
      [12, 0.5],
      [20, 0.7],
    ] as [number, number | null][]) {
      points = withPoint(points, stats(labels, f1));
    }
    expect(points.map((point) => point.labels)).toEqual([10, 12, 20]);
    expect(withPoint(points, stats(12, 0.5)).map((point) => point.labels)).toEqual([10, 12]);
    expect(withPoint(points, stats(9, null))).toEqual([]);
  });
});

describe("curveOf", () => {
  it("goes on where the server's measurements end", () => {
    const before = curveOf([{ labels: 10, f1_macro: 0.5 }, { labels: 20, f1_macro: 0.6 }]);
    expect(before[0]).toEqual({ labels: 10, f1: 0.5, low: 0.5, high: 0.5 });
    expect(withPoint(before, stats(30, 0.7)).map((point) => point.f1)).toEqual([0.5, 0.6, 0.7]);
  });
});

describe("curvePaths", () => {
  it("fills the box, higher values higher up", () => {
    const points = withPoint(withPoint([], stats(10, 0.5)), stats(20, 0.7));
    const paths = curvePaths(points, 100, 40);
    expect(paths?.line).toBe("M 3.0 28.5 L 97.0 11.5");
    expect(paths?.end.x).toBe(97);
    expect(curvePaths(points.slice(0, 1), 100, 40)).toBeNull();
  });

  it("waits for the second measurement, and divides nothing by zero", () => {
    const point = { labels: 10, f1: 0.5, low: 0.5, high: 0.5 };
    expect(curvePaths([point, { ...point, labels: 12 }], 100, 40)).toBeNull();
    expect(curvePaths([point, { ...point, f1: 0.6 }], 100, 40)?.line).not.toContain("NaN");
  });
});

describe("choicesOf", () => {
  const item = {
    scores: [
      { label: "l11", score: 0.7 },
      { label: "l2", score: 0.2 },
    ],
  } as ReviewItem;

  it("keeps the order of few labels", () => {
    expect(choicesOf(["ham", "spam"], { ...item, scores: [{ label: "spam", score: 0.9 }] })).toEqual([
      { label: "ham", score: null },
      { label: "spam", score: 0.9 },
    ]);
  });

  it("shows the most probable of many labels", () => {
    const labels = Array.from({ length: 12 }, (_, i) => `l${i}`);
    expect(choicesOf(labels, item).map((choice) => choice.label)).toEqual([
      "l11",
      "l2",
      "l0",
      "l1",
      "l3",
      "l4",
      "l5",
      "l6",
      "l7",
    ]);
    expect(choicesOf(labels, null)).toHaveLength(9);
  });
});
