import { describe, expect, it } from "vitest";
import { beginningOf, shownText } from "./longText";
import { ownValue } from "./record";
import { parsedLabels, parsedSeeds, suggestedName } from "./reviewLabels";
import { RateCounter } from "./reviewRate";
import { GroupSelection } from "./reviewSelection";
import { matchingLabels, newLabelOf } from "./typeAhead";

describe("matchingLabels", () => {
  const labels = [
    "activate_my_card",
    "card_arrival",
    "card_linking",
    "Rückerstattung",
    "top_up_by_card_charge",
    "age_limit",
  ];

  it("puts starts of names before starts of words before the rest", () => {
    expect(matchingLabels(labels, "card")).toEqual([
      "card_arrival",
      "card_linking",
      "activate_my_card",
      "top_up_by_card_charge",
    ]);
    expect(matchingLabels(labels, "card_l")[0]).toBe("card_linking");
  });

  it("finds initials, letters in order, and names without their accents", () => {
    expect(matchingLabels(labels, "amc")[0]).toBe("activate_my_card");
    expect(matchingLabels(labels, "agl")).toContain("age_limit");
    expect(matchingLabels(labels, "ruck")).toEqual(["Rückerstattung"]);
    expect(matchingLabels(labels, "xyz")).toEqual([]);
    expect(matchingLabels(labels, " ")).toEqual(labels);
  });
});

describe("newLabelOf", () => {
  it("is the trimmed text, unless that label exists", () => {
    expect(newLabelOf(["spam"], "  phone   bill ")).toBe("phone bill");
    expect(newLabelOf(["spam"], "SPAM")).toBeNull();
    expect(newLabelOf(["spam"], "  ")).toBeNull();
  });
});

describe("RateCounter", () => {
  it("tells texts per minute, without pauses", () => {
    const rate = new RateCounter();
    rate.add(0);
    rate.add(1000);
    expect(rate.perMinute()).toBeNull();
    rate.add(2000);
    expect(rate.perMinute()).toBe(60);
    rate.add(600_000);
    expect(rate.perMinute()).toBe(60);
    rate.takeBack();
    rate.add(6000);
    expect(rate.perMinute()).toBe(30);
  });
});

describe("GroupSelection", () => {
  it("has all boxes on at first, and changes one, a range or all", () => {
    const selection = new GroupSelection([1, 2, 3, 4, 5]);
    expect(selection.chosen()).toEqual([1, 2, 3, 4, 5]);
    selection.set(2, false);
    selection.setRange(4, false);
    expect(selection.chosen()).toEqual([1, 5]);
    selection.setAll(true);
    selection.setRange(3, false);
    expect(selection.chosen()).toEqual([1, 2, 4, 5]);
  });
});

describe("shownText", () => {
  it("shows a short text as it is", () => {
    expect(shownText("hello", false)).toEqual({ pieces: ["hello"], hidden: 0 });
    expect(shownText("", false)).toEqual({ pieces: [], hidden: 0 });
  });

  it("shows the beginning of a long one, cut behind a word, and all of it in pieces", () => {
    const text = "word ".repeat(200_000);
    const part = shownText(text, false);
    expect(part.pieces.join("").endsWith("word ")).toBe(true);
    expect(part.pieces.join("").length + part.hidden).toBe(text.length);
    const whole = shownText(text, true);
    expect(whole.hidden).toBe(0);
    expect(whole.pieces.join("")).toBe(text);
    expect(Math.max(...whole.pieces.map((piece) => piece.length))).toBeLessThan(10_000);
  });

  it("parts no emoji", () => {
    const text = `x${"😀".repeat(20_000)}`;
    for (const piece of shownText(text, true).pieces) expect(piece).toMatch(/^x?(\p{Emoji_Presentation})*$/u);
    expect(shownText(text, true).pieces.join("")).toBe(text);
  });
});

describe("beginningOf", () => {
  it("cuts between characters", () => {
    expect(beginningOf("hello", 2)).toBe("he");
    expect(beginningOf("hello", 9)).toBe("hello");
    expect(beginningOf("a😀b", 2)).toBe("a");
    expect(beginningOf("a😀b", 3)).toBe("a😀");
  });
});

describe("ownValue", () => {
  it("is what the record itself has", () => {
    const counts = JSON.parse('{"spam": 3, "__proto__": 2}') as Record<string, number>;
    expect(["spam", "__proto__", "constructor", "ham"].map((label) => ownValue(counts, label))).toEqual([3, 2, undefined, undefined]);
  });
});

describe("parsedLabels and parsedSeeds", () => {
  it("read one label per line", () => {
    expect(parsedLabels("spam, ham\n phone  bill\nspam\n")).toEqual(["spam", "ham", "phone bill"]);
  });

  it("read seed words, and name the lines that are none", () => {
    const { seeds, wrong } = parsedSeeds("spam: prize, free\nham\n\nspam: free, winner\n: x");
    expect(seeds).toEqual({ spam: ["prize", "free", "winner"] });
    expect(wrong).toEqual(["ham", ": x"]);
  });

  it("take any name for a label, also those that every object has", () => {
    const { seeds } = parsedSeeds("constructor: team, car\n__proto__: x\nconstructor: engine");
    expect(Object.entries(seeds)).toEqual([
      ["constructor", ["team", "car", "engine"]],
      ["__proto__", ["x"]],
    ]);
    expect(JSON.stringify(seeds)).toBe('{"constructor":["team","car","engine"],"__proto__":["x"]}');
  });
});

describe("suggestedName", () => {
  it("is the name of the file, and new", () => {
    expect(suggestedName("my mails.csv.gz", [])).toBe("my-mails");
    expect(suggestedName("a.tsv", ["a", "a-2"])).toBe("a-3");
  });
});
