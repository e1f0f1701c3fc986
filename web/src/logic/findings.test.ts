import { describe, expect, it } from "vitest";
import { afterChanges, changesOf, groupsOf, noteOf, proposalOf, type Finding } from "./findings";

const finding = (kind: string, line: number | null, suggested = ""): Finding => ({
  id: line ?? 0,
  kind,
  file: "a.csv",
  line,
  label: "ham",
  suggested,
  score: 1,
  note: "",
});

describe("groupsOf", () => {
  it("has the most important kind first, also kinds that it doesn't know", () => {
    const groups = groupsOf([finding("new kind", 1), finding("duplicate", 2), finding("conflict", 3), finding("duplicate", 4)]);
    expect(groups.map((group) => [group.kind, group.findings.length])).toEqual([
      ["conflict", 1],
      ["duplicate", 2],
      ["new kind", 1],
    ]);
  });
});

describe("proposalOf", () => {
  it("removes, relabels or leaves it to people", () => {
    expect(proposalOf(finding("duplicate", 2, "drop"))).toEqual({ action: "remove" });
    expect(proposalOf(finding("label error", 2, "spam"))).toEqual({ action: "relabel", label: "spam" });
    expect(proposalOf(finding("length", 2))).toBeNull();
    expect(proposalOf(finding("similar labels", null, "spam"))).toBeNull();
  });
});

describe("changesOf", () => {
  it("removes rather than relabels, and takes the last label", () => {
    expect(
      changesOf([
        { row: 5, fix: { action: "relabel", label: "spam" } },
        { row: 3, fix: { action: "remove" } },
        { row: 3, fix: { action: "relabel", label: "spam" } },
        { row: 5, fix: { action: "relabel", label: "ham" } },
      ]),
    ).toEqual({ remove: [3], relabel: [{ row: 5, label: "ham" }] });
  });
});

describe("noteOf", () => {
  it("names rows by their numbers, also after rows before them were removed", () => {
    const copy = { ...finding("duplicate", 9), file: "/srv/data/a.csv", note: "identical to /srv/data/a.csv:7, and /srv/data/a.csv:2" };
    expect(noteOf(copy)).toBe("identical to row 7, and row 2");
    expect(afterChanges([copy], { remove: [3, 5], relabel: [] }).map((each) => [each.line, noteOf(each)])).toEqual([[7, "identical to row 5, and row 2"]]);
    expect(noteOf({ file: null, note: "one text" })).toBe("one text");
  });
});

describe("afterChanges", () => {
  it("moves the rows behind removed ones up, and settles what was fixed", () => {
    const left = afterChanges([finding("a", 2), finding("a", 5), finding("a", 9), finding("a", 10), finding("b", null)], {
      remove: [5, 3],
      relabel: [{ row: 9, label: "x" }],
    });
    expect(left.map((each) => [each.id, each.line])).toEqual([
      [2, 2],
      [10, 8],
      [0, null],
    ]);
  });
});
