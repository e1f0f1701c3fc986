import { describe, expect, it } from "vitest";
import { findRow } from "./dataRows";

function file(numbers: number[]) {
  let requests = 0;
  return {
    requests: () => requests,
    fetch: async (offset: number, limit: number) => {
      requests++;
      const rows = numbers.slice(offset, offset + limit).map((row) => ({ row, text: String(row), label: null }));
      return { total: numbers.length, rows, version: "1" };
    },
  };
}

const range = (from: number, to: number, skip = (_: number) => false) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((row) => !skip(row));

describe("findRow", () => {
  it("takes one request where no row is left out", async () => {
    const all = file(range(2, 1000));
    expect((await findRow(500, all.fetch))?.text).toBe("500");
    expect(all.requests()).toBe(1);
  });
  it("finds each row of files in which many are left out", async () => {
    const rows = range(1, 700, (row) => row % 3 === 0 || (row > 100 && row < 300));
    for (const row of rows) expect((await findRow(row, file(rows).fetch))?.row).toBe(row);
  });
  it("takes few requests for a large file", async () => {
    const rows = range(50_000, 150_000, (row) => row % 7 === 0);
    const large = file(rows);
    expect((await findRow(149_999, large.fetch))?.row).toBe(149_999);
    expect(large.requests()).toBeLessThan(25);
  });
  it("ends where there is no such row", async () => {
    for (const row of [1, 3, 102, 300, 5000]) expect(await findRow(row, file(range(2, 300, (n) => n % 3 === 0)).fetch)).toBe(null);
    expect(await findRow(5, file([]).fetch)).toBeNull();
  });
});
