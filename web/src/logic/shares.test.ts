import { describe, expect, it } from "vitest";
import { countedShare, percentText } from "./shares";

describe("countedShare", () => {
  it("counts in tens, hundreds or thousands, as the share needs", () => {
    expect(countedShare(0.5)).toEqual({ count: 5, of: 10, fewer: false });
    expect(countedShare(0.36)).toEqual({ count: 36, of: 100, fewer: false });
    expect(countedShare(0.01)).toEqual({ count: 1, of: 100, fewer: false });
    expect(countedShare(0.004)).toEqual({ count: 4, of: 1_000, fewer: false });
    expect(countedShare(0.0007)).toEqual({ count: 7, of: 10_000, fewer: false });
  });

  it("never says none or all of what is some", () => {
    expect(countedShare(0.00001)).toEqual({ count: 1, of: 10_000, fewer: true });
    expect(countedShare(0.999).count).toBe(999);
    expect(countedShare(0)).toEqual({ count: 0, of: 100, fewer: false });
    expect(countedShare(1)).toEqual({ count: 100, of: 100, fewer: false });
  });

  it("is within a twentieth of every share that can be counted in ten thousand", () => {
    for (let share = 0.001; share < 1; share += 0.0007) {
      const { count, of } = countedShare(share);
      const bound = Math.max(0.05 * Math.min(share, 1 - share), 0.5 / 10_000);
      expect(Math.abs(count / of - share)).toBeLessThanOrEqual(bound + 1e-9);
    }
  });

  it("takes what is no share for the nearest one", () => {
    expect(countedShare(-0.2).count).toBe(0);
    expect(countedShare(7).count).toBe(100);
  });
});

it("writes percent with the decimals that a share needs", () => {
  expect(percentText(0.5)).toBe("50 %");
  expect(percentText(0.042)).toBe("4.2 %");
  expect(percentText(0.0004)).toBe("0.04 %");
  expect(percentText(0.9931)).toBe("99.31 %");
  expect(percentText(0)).toBe("0 %");
  expect(percentText(1)).toBe("100 %");
});
