import { describe, expect, it } from "vitest";
import type { Prediction } from "@/api/classify";
import { linesOf, tally, verdictOf } from "./verdict";

const of = (changes: Partial<Prediction>): Prediction => ({
  label: "spam",
  score: 0.9,
  confidence: 0.9,
  scores: [],
  decision: "spam",
  abstained: false,
  ...changes,
});

describe("verdicts", () => {
  it("are the decided label", () => expect(verdictOf(of({}))).toEqual({ kind: "decided", labels: ["spam"], confidence: 0.9 }));
  it("may be several labels, or none", () => {
    expect(verdictOf(of({ decision: ["a", "b"] })).labels).toEqual(["a", "b"]);
    expect(verdictOf(of({ decision: [] })).kind).toBe("none");
  });
  it("say that the model is unsure", () => expect(verdictOf(of({ abstained: true })).kind).toBe("unsure"));
  it("say that a text is out of scope, and what it is nearest to", () => {
    expect(verdictOf(of({ out_of_scope: true, abstained: true, nearest_label: "card_lost" }))).toEqual({
      kind: "out_of_scope",
      labels: ["card_lost"],
      confidence: 0.9,
    });
  });
  it("are counted", () => {
    expect(tally([of({}), of({ decision: "ham" }), of({}), of({ abstained: true })])).toEqual([
      { name: "spam", kind: "decided", count: 2 },
      { name: "ham", kind: "decided", count: 1 },
      { name: "", kind: "unsure", count: 1 },
    ]);
  });
});

describe("lines", () => {
  it("leave out empty ones", () => expect(linesOf("a\r\n\n  \nb")).toEqual(["a", "b"]));
});
