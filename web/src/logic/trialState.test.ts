import { describe, expect, it } from "vitest";
import { hashOfText, textOfHash } from "./trialState";

describe("texts in the address", () => {
  it("come back as they were", () => {
    for (const text of ["", "a b", "50 % off & more #1", "مرحبا 🎉\nsecond line"]) expect(textOfHash(hashOfText(text))).toBe(text);
  });
  it("are left out where they are too long or broken", () => {
    expect(hashOfText("x".repeat(100_000))).toBe("");
    expect(textOfHash("#%E0%A4")).toBe("");
    expect(textOfHash("")).toBe("");
  });
});
