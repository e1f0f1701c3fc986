import { describe, expect, it } from "vitest";
import { actionOf, focusKindOf, keysOfLabels } from "./reviewKeys";

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `label ${i + 1}`);

describe("keysOfLabels", () => {
  it("gives two labels F and J", () => {
    expect([...keysOfLabels(["ham", "spam"])]).toEqual([
      ["ham", "F"],
      ["spam", "J"],
    ]);
  });

  it("gives the first nine labels digits, and the others none", () => {
    expect([...keysOfLabels(numbers(12)).values()]).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    expect([...keysOfLabels(["only"])]).toEqual([["only", "1"]]);
  });
});

describe("actionOf", () => {
  const two = ["ham", "spam"];

  it("labels by one key, in either case", () => {
    expect(actionOf({ key: "j" }, two, false, "page")).toEqual({ kind: "label", label: "spam" });
    expect(actionOf({ key: "F" }, two, false, "button")).toEqual({ kind: "label", label: "ham" });
    expect(actionOf({ key: "3" }, numbers(5), false, "page")).toEqual({ kind: "label", label: "label 3" });
    expect(actionOf({ key: "6" }, numbers(5), false, "page")).toBeNull();
  });

  it("knows the other keys", () => {
    const kinds = ["Enter", " ", "Backspace", "/", "g"].map((key) => actionOf({ key }, two, false, "page")?.kind);
    expect(kinds).toEqual(["accept", "skip", "undo", "search", "bulk"]);
  });

  it("leaves keys to text fields, to modifiers and to input methods", () => {
    expect(actionOf({ key: "j" }, two, false, "text")).toBeNull();
    expect(actionOf({ key: "Backspace" }, two, false, "text")).toBeNull();
    for (const modifier of ["ctrlKey", "altKey", "metaKey", "isComposing"]) {
      expect(actionOf({ key: "j", [modifier]: true }, two, false, "page")).toBeNull();
    }
  });

  it("lets a focused button have Enter and Space, and no other key", () => {
    expect(actionOf({ key: "Enter" }, two, false, "button")).toBeNull();
    expect(actionOf({ key: " " }, two, false, "button")).toBeNull();
    expect(actionOf({ key: "Backspace" }, two, false, "button")).toEqual({ kind: "undo" });
  });

  it("ignores a key that is held down, except undo", () => {
    expect(actionOf({ key: "j", repeat: true }, two, false, "page")).toBeNull();
    expect(actionOf({ key: "Enter", repeat: true }, two, false, "page")).toBeNull();
    expect(actionOf({ key: "Backspace", repeat: true }, two, false, "page")).toEqual({ kind: "undo" });
  });

  it("begins to search by a letter where digits do not reach all labels", () => {
    expect(actionOf({ key: "c" }, numbers(9), true, "page")).toEqual({ kind: "search", query: "c" });
    expect(actionOf({ key: "ш" }, numbers(9), true, "page")).toEqual({ kind: "search", query: "ш" });
    expect(actionOf({ key: "c" }, numbers(9), false, "page")).toBeNull();
    expect(actionOf({ key: "Tab" }, numbers(9), true, "page")).toBeNull();
  });
});

describe("keyboards of other scripts", () => {
  it("have F, J and G at the same place", () => {
    const cyrillic = { key: "о", code: "KeyJ" };
    expect(actionOf(cyrillic, ["ham", "spam"], false, "page")).toEqual({ kind: "label", label: "spam" });
    expect(actionOf({ key: "ע", code: "KeyG" }, ["ham", "spam"], false, "page")).toEqual({ kind: "bulk" });
    // On a Latin keyboard the letter counts, wherever it is.
    expect(actionOf({ key: "j", code: "KeyC" }, ["ham", "spam"], false, "page")).toEqual({
      kind: "label",
      label: "spam",
    });
  });

  it("write the names of labels where there are many", () => {
    expect(actionOf({ key: "п", code: "KeyG" }, numbers(9), true, "page")).toEqual({ kind: "search", query: "п" });
  });
});

describe("focusKindOf", () => {
  it("tells what would use a key", () => {
    expect(focusKindOf(null)).toBe("page");
    expect(focusKindOf({ tagName: "MAIN" })).toBe("page");
    expect(focusKindOf({ tagName: "DIV", isContentEditable: true })).toBe("text");
    expect(focusKindOf({ tagName: "INPUT", type: "search" })).toBe("text");
    expect(focusKindOf({ tagName: "INPUT", type: "checkbox" })).toBe("button");
    expect(focusKindOf({ tagName: "BUTTON" })).toBe("button");
  });
});
