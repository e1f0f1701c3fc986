import { describe, expect, it } from "vitest";
import { balanceOf, sharesOf } from "./balance";

describe("sharesOf", () => {
  it("has the most frequent label first", () => {
    const shares = sharesOf([
      { label: "spam", count: 25 },
      { label: "ham", count: 75 },
    ]);
    expect(shares.map((each) => [each.label, each.share, each.bar])).toEqual([
      ["ham", 0.75, 1],
      ["spam", 0.25, 25 / 75],
    ]);
  });
  it("divides nothing by zero", () => {
    expect(sharesOf([])).toEqual([]);
    expect(sharesOf([{ label: "a", count: 0 }])[0]).toMatchObject({ share: 0, bar: 0, few: true });
  });
});

describe("balanceOf", () => {
  it("says the most important thing", () => {
    expect(balanceOf([])).toEqual({ kind: "none" });
    expect(balanceOf([{ label: "a", count: 9 }])).toEqual({ kind: "one", label: "a" });
    const two = (a: number, b: number) =>
      balanceOf([
        { label: "a", count: a },
        { label: "b", count: b },
      ]);
    expect(two(50, 9)).toEqual({ kind: "few", labels: ["b"] });
    expect(two(950, 50)).toEqual({ kind: "unequal", label: "a", percent: 95 });
    expect(two(60, 40)).toEqual({ kind: "good" });
  });
});
