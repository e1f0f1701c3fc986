import { describe, expect, it } from "vitest";
import { kindOfSymbol, mainReason, probabilityOf, reasonsOf } from "./verdictReasons";

const symbols = [
  { name: "MONEY_AMOUNT", score: 0 },
  { name: "PRIZE_WON", score: 2 },
  { name: "CLASSIFIER", score: -4 },
  { name: "SENDER_USER", score: 1 },
];

describe("reasons", () => {
  it("are ordered by their weight, whatever they say", () => {
    expect(reasonsOf(symbols).map((reason) => reason.name)).toEqual(["CLASSIFIER", "PRIZE_WON", "SENDER_USER", "MONEY_AMOUNT"]);
  });

  it("have bars relative to the strongest", () => {
    expect(reasonsOf(symbols).map((reason) => reason.share)).toEqual([1, 0.5, 0.25, 0]);
  });

  it("say spam, not spam or nothing", () => {
    expect(reasonsOf(symbols).map((reason) => reason.says)).toEqual(["ham", "spam", "spam", "nothing"]);
  });

  it("have no bars where all of them weigh nothing", () => {
    expect(reasonsOf([{ name: "EMPTY_MESSAGE", score: 0 }])[0]).toMatchObject({ share: 0, says: "nothing", kind: "empty" });
    expect(reasonsOf([])).toEqual([]);
  });
});

describe("the main reason", () => {
  it("speaks for the verdict", () => {
    const reasons = reasonsOf(symbols);
    expect(mainReason(reasons, true)?.name).toBe("PRIZE_WON");
    expect(mainReason(reasons, false)?.name).toBe("CLASSIFIER");
  });

  it("is missing where nothing speaks for the verdict", () => {
    expect(mainReason(reasonsOf([{ name: "A", score: -1 }]), true)).toBeUndefined();
  });
});

it("takes names of rules for rules, also those of methods of objects", () => {
  expect(kindOfSymbol("toString")).toBe("rule");
  expect(kindOfSymbol("constructor")).toBe("rule");
  expect(kindOfSymbol("MEMORY_HAM")).toBe("memoryHam");
});

it("turns log-odds into probabilities", () => {
  expect(probabilityOf(0)).toBe(0.5);
  expect(probabilityOf(3.0774)).toBeCloseTo(0.9559, 3);
});
