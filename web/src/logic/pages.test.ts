import { describe, expect, it } from "vitest";
import { hasWords, pageOf } from "./pages";

describe("pages", () => {
  const all = Array.from({ length: 45 }, (_, i) => i);

  it("begin with 1, and the last one may be short", () => {
    expect(pageOf(all, 1, 20)).toMatchObject({ first: 0, total: 45, page: 1, pages: 3 });
    expect(pageOf(all, 3, 20).rows).toEqual([40, 41, 42, 43, 44]);
  });

  it("that there are not become the nearest", () => {
    expect(pageOf(all, 99, 20).page).toBe(3);
    expect(pageOf(all, -1, 20).page).toBe(1);
    expect(pageOf(all, Number.NaN, 20).page).toBe(1);
    expect(pageOf([], 2, 20)).toEqual({ rows: [], first: 0, total: 0, page: 1, pages: 1 });
  });
});

describe("words", () => {
  it("may be in any of the texts, in any order and case", () => {
    expect(hasWords("gift prize", "PRIZE_WON", "a gift card")).toBe(true);
    expect(hasWords("gift parcel", "PRIZE_WON", "a gift card")).toBe(false);
  });

  it("are all there where nothing is searched", () => {
    expect(hasWords("", "a")).toBe(true);
    expect(hasWords("  ", "a")).toBe(true);
  });
});
