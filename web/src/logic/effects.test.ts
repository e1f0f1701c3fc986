import { describe, expect, it } from "vitest";
import type { WordEffect } from "@/api/classify";
import { piecesOf, strongest } from "./effects";

const word = (text: string, begin: number, end: number, effect: number): WordEffect => ({ text, begin, end, effect, score_change: 0 });

describe("words by effect", () => {
  it("keep the whole text", () => {
    const pieces = piecesOf("You won, now", [word("won", 4, 7, 2), word("now", 9, 12, -1)]);
    expect(pieces.map((piece) => piece.text)).toEqual(["You ", "won", ", ", "now"]);
    expect(pieces.map((piece) => piece.strength)).toEqual([0, 1, 0, -0.5]);
  });
  it("count code points, not UTF-16 units", () => {
    const text = "🎉🎉 win 👨‍👩‍👧 now";
    const pieces = piecesOf(text, [word("win", 3, 6, 1), word("now", 13, 16, 1)]);
    expect(pieces.map((piece) => piece.text).join("")).toBe(text);
    expect(pieces[1]?.text).toBe("win");
    expect(pieces.at(-1)?.text).toBe("now");
  });
  it("leave out positions that the text does not have", () => {
    expect(piecesOf("ab", [word("x", 1, 9, 1), word("y", 1, 1, 1)]).map((piece) => piece.text)).toEqual(["ab"]);
    expect(piecesOf("", [])).toEqual([]);
  });
  it("may be very many", () => {
    const words = Array.from({ length: 200_000 }, (_, index) => word("a", 2 * index, 2 * index + 1, 1));
    expect(piecesOf("a ".repeat(200_000), words)).toHaveLength(400_000);
  });
  it("name the strongest words once", () => {
    const words = [word("a", 0, 1, 1), word("b", 2, 3, -3), word("c", 4, 5, 2), word("c", 6, 7, 1.5), word("d", 8, 9, 0)];
    expect(strongest({ label: "spam", method: "linear", score: 1, base: 0, words })).toEqual({ for: ["c", "a"], against: ["b"] });
  });
});
