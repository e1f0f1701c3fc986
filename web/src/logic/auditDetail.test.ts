import { expect, it } from "vitest";
import { detailTexts, detailWords } from "./auditDetail";

const detail = { list: "deny", user: "", replaced: false, rule: '[[rule]]\nname = "A"\n', more: { a: 1 }, count: 3 };

it("shows the short parts of a detail in one line", () => {
  expect(detailWords(detail)).toBe("list: deny, replaced: false, count: 3");
  expect(detailWords({})).toBe("");
});

it("keeps texts of several lines apart", () => {
  expect(detailTexts(detail)).toEqual(['[[rule]]\nname = "A"\n']);
});

it("shortens long texts and numbers that are not exact", () => {
  expect(detailWords({ threshold: 0.800000011920929, text: "a".repeat(100) })).toBe(`threshold: 0.8, text: ${"a".repeat(60)}…`);
});
