import { describe, expect, it } from "vitest";
import { adminLabel, allMark, labelRequests, marksOf, undoRequests, userLabel, type FeedbackWord } from "./labels";

const ids = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`);

describe("requests for labels", () => {
  it("have at most a hundred ids", () => {
    const requests = labelRequests(ids(250), "spam");
    expect(requests.map((request) => request.ids.length)).toEqual([100, 100, 50]);
    expect(requests.flatMap((request) => request.ids)).toEqual(ids(250));
  });

  it("are none for no messages", () => {
    expect(labelRequests([], "spam")).toEqual([]);
  });
});

describe("undo", () => {
  it("gives each message back what was said before", () => {
    const former = [
      { id: "a", said: "spam" },
      { id: "b", said: null },
      { id: "c", said: "spam" },
    ];
    expect(undoRequests(former)).toEqual([
      { ids: ["a", "c"], label: "spam" },
      { ids: ["b"], label: null },
    ]);
  });

  it("is split as the labels were", () => {
    expect(undoRequests(ids(150).map((id) => ({ id, said: null }))).map((request) => request.ids.length)).toEqual([100, 50]);
  });
});

describe("marks", () => {
  it("are dropped with the messages that are no longer shown", () => {
    expect([...marksOf(new Set(["a", "x"]), ["a", "b"])]).toEqual(["a"]);
  });

  it("say whether all, some or none are marked", () => {
    expect(allMark(new Set(), ["a", "b"])).toBe(false);
    expect(allMark(new Set(["a"]), ["a", "b"])).toBe("indeterminate");
    expect(allMark(new Set(["a", "b", "x"]), ["a", "b"])).toBe(true);
    expect(allMark(new Set(["x"]), [])).toBe(false);
  });
});

describe("what people say", () => {
  const word = (by: FeedbackWord["by"], label: string, time: string): FeedbackWord => ({ by, label, time, user: null });
  const words = [word("user", "spam", "2026-11-29T10:02:00Z"), word("user", "ham", "2026-11-29T10:01:00Z"), word("program", "promotion", "2026-11-29T11:00:00Z")];

  it("is the last word of users, not of programs", () => {
    expect(userLabel(words)).toBe("spam");
    expect(adminLabel(words)).toBeNull();
  });

  it("is kept apart from what administrators say", () => {
    expect(adminLabel([...words, word("admin", "ham", "2026-11-29T09:00:00Z")])).toBe("ham");
    expect(userLabel([])).toBeNull();
  });
});
