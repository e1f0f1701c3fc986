import { describe, expect, it } from "vitest";
import { evidence, progressOf, seen } from "./experiment";

describe("experiments", () => {
  it("say how far the evidence has come", () => {
    expect(progressOf(0, 0.05)).toBe(0);
    expect(progressOf(Math.log(20), 0.05)).toBe(1);
    expect(progressOf(Math.log(20) / 2, 0.05)).toBeCloseTo(0.5);
    expect(progressOf(-3, 0.05)).toBe(0);
    expect(progressOf(99, 0.05)).toBe(1);
  });
  it("write evidence for people", () => {
    expect(evidence(Math.log(3.2))).toBe("3.2");
    expect(evidence(Math.log(20))).toBe("20");
    expect(evidence(14 * Math.LN10)).toBe("10^14");
  });
  it("keep the sequence that was seen, in order", () => {
    const point = (labels: number) => ({ labels, estimate: 0, low: -1, high: 1 });
    expect(seen([], null)).toEqual([]);
    expect(seen([point(3)], point(3))).toHaveLength(1);
    expect(seen([point(3), point(9)], point(5)).map((entry) => entry.labels)).toEqual([3, 5]);
  });
});
