import { describe, expect, it } from "vitest";
import { metricsBehind, metricText, ofHundred } from "./quality";

describe("quality in words", () => {
  it("counts of a hundred, or of more where that would be none", () => {
    expect(ofHundred(0.992)).toEqual({ count: 99, of: 100 });
    expect(ofHundred(1)).toEqual({ count: 100, of: 100 });
    expect(ofHundred(0.013)).toEqual({ count: 1, of: 100 });
    expect(ofHundred(0.004)).toEqual({ count: 4, of: 1_000 });
    expect(ofHundred(0.00012)).toEqual({ count: 1, of: 10_000 });
    expect(ofHundred(0.0000001)).toEqual({ count: 1, of: 10_000 });
    expect(ofHundred(0)).toEqual({ count: 0, of: 100 });
  });
  it("gives the metrics with their intervals", () => {
    expect(metricText("accuracy", 0.9917, [0.9543, 0.9985])).toBe("accuracy .992 [.954, .999]");
    expect(metricsBehind({ metrics: { accuracy: 0.9917, f1_macro: 0.9913, ece: 0.01 }, intervals: { f1_macro: [0.9713, 1] }, testTexts: 1200 })).toBe(
      "accuracy .992, macro-F1 .991 [.971, 1.000], on 1,200 test texts",
    );
  });
});
