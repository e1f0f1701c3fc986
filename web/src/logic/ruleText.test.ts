import { describe, expect, it } from "vitest";
import { errorsByLine, isRuleName, lineCount, lineRange, literalPattern, nameInRule, ruleOfWords, scoreInRule, tomlString } from "./ruleText";

describe("the name of a rule", () => {
  it("is found in either kind of quotes", () => {
    expect(nameInRule('[[rule]]\nname = "GIFT_CARD"\nscore = 2')).toBe("GIFT_CARD");
    expect(nameInRule("[[rule]]\n  name='GIFT'")).toBe("GIFT");
  });

  it("is empty where none is stated", () => {
    expect(nameInRule('[[rule]]\ndescription = "name = x"\n# name = "A"')).toBe("");
  });

  it("has letters, digits and underscores", () => {
    expect(isRuleName("GIFT_CARD_2")).toBe(true);
    expect(isRuleName("GIFT CARD")).toBe(false);
    expect(isRuleName("")).toBe(false);
  });
});

describe("patterns", () => {
  it("match words that look like operators", () => {
    const pattern = literalPattern("win $1000 (now)?");
    expect(new RegExp(pattern).test("You win  $1000 (now)? yes")).toBe(true);
    expect(new RegExp(pattern).test("You win 1000 now")).toBe(false);
  });

  it("survive TOML", () => {
    expect(tomlString("a\\s+b")).toBe("'a\\s+b'");
    expect(tomlString("it's \\d")).toBe('"it\'s \\\\d"');
    expect(tomlString("it's\n")).toBe('"it\'s\\n"');
  });
});

it("makes a rule of words", () => {
  const text = ruleOfWords("PARCEL", "pay the fee", 2);
  expect(nameInRule(text)).toBe("PARCEL");
  expect(text).toContain("pattern = '(?i)pay\\s+the\\s+fee'");
  expect(text).toContain("score = 2.0");
});

describe("errors", () => {
  it("belong to their lines, and to the first where there is no such line", () => {
    const errors = [
      { line: 2, message: "a" },
      { line: 2, message: "b" },
      { line: null, message: "c" },
      { line: 99, message: "d" },
    ];
    expect(errorsByLine(errors, 3)).toEqual(
      new Map([
        [2, ["a", "b"]],
        [1, ["c", "d"]],
      ]),
    );
  });

  it("can be selected by their lines", () => {
    const text = "one\ntwo\n\nfour";
    expect(lineCount(text)).toBe(4);
    expect(text.slice(lineRange(text, 2).start, lineRange(text, 2).end)).toBe("two");
    expect(lineRange(text, 3)).toEqual({ start: 8, end: 8 });
    expect(text.slice(lineRange(text, 4).start, lineRange(text, 4).end)).toBe("four");
    expect(lineRange(text, 9)).toEqual({ start: text.length, end: text.length });
  });
});

it("reads the score of a rule", () => {
  expect(scoreInRule('name = "A"\n score = -2.5 # strong\n')).toBe(-2.5);
  expect(scoreInRule("score = +3")).toBe(3);
  expect(scoreInRule("# score = 3\nscore = many")).toBeNull();
});
