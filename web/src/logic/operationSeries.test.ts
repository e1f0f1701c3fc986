import { describe, expect, it } from "vitest";
import { minuteSeries, summaryOf } from "./operationSeries";

const point = (time: string, requests: number, p50: number | null = 1) => ({ time, requests, p50_ms: p50 });

describe("series of minutes", () => {
  it("have a gap where the server has no minute", () => {
    const minutes = [point("2026-11-29T10:00:00Z", 5), point("2026-11-29T10:03:00Z", 7)];
    const series = minuteSeries("requests", minutes, (each) => each.requests);
    expect(series.points.map(([, value]) => value)).toEqual([5, null, null, 7]);
  });

  it("are in the order of time, whatever the order of the server", () => {
    const minutes = [point("2026-11-29T10:00:59.998Z", 7), point("2026-11-29T10:00:00.001Z", 5)];
    const series = minuteSeries("requests", minutes, (each) => each.requests);
    expect(series.points).toEqual([
      [Date.parse("2026-11-29T10:00:00Z"), 5],
      [Date.parse("2026-11-29T10:01:00Z"), 7],
    ]);
  });

  it("are empty for no minutes, and leave out times that are none", () => {
    expect(minuteSeries("requests", [], () => 1).points).toEqual([]);
    expect(minuteSeries("requests", [point("noon", 1)], () => 1).points).toEqual([]);
  });
});

describe("summaries", () => {
  it("ignore gaps", () => {
    const minutes = [point("2026-11-29T10:00:00Z", 2), point("2026-11-29T10:02:00Z", 6), point("2026-11-29T10:03:00Z", 1)];
    const summary = summaryOf(minuteSeries("requests", minutes, (each) => each.requests));
    expect(summary).toEqual({ least: 1, most: 6, mostAt: Date.parse("2026-11-29T10:02:00Z"), mean: 3, last: 1 });
  });

  it("are none where nothing was measured", () => {
    expect(summaryOf(minuteSeries("p50", [point("2026-11-29T10:00:00Z", 2, null)], (each) => each.p50_ms))).toBeUndefined();
  });
});
