import { describe, expect, it } from "vitest";
import type { NumberedEvent } from "@/api/jobs";
import { lineOf, LogSearch, LogStore } from "./logStore";

const words = {
  state: (state: string) => `The job is ${state}.`
};
const log = (id: number, message: string): NumberedEvent => ({ id, type: "log", level: "info", message });
const many = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => log(from + i, `line ${from + i}`));

describe("lineOf", () => {
  it("shows logs, errors and states, and no progress", () => {
    expect(lineOf(log(1, "a"), words)).toEqual({ id: 1, level: "info", text: "a" });
    expect(lineOf({ id: 2, type: "log", level: "odd", message: "b" }, words)?.level).toBe("info");
    expect(lineOf({ id: 3, type: "error", message: "c" }, words)).toEqual({ id: 3, level: "error", text: "c" });
    expect(lineOf({ id: 4, type: "state", state: "running" }, words)?.text).toBe("The job is running.");
    expect(lineOf({ id: 5, type: "evaluation", epoch: 2, step: 9, f1_macro: 0.5 }, words)).toBeNull();
    expect(lineOf({ id: 6, type: "progress", work: "train", done: 1 }, words)).toBeNull();
  });
});

describe("LogStore", () => {
  it("appends events once", () => {
    const store = new LogStore(words);
    store.append(many(1, 3));
    store.append(many(2, 5));
    expect(store.lines.map((line) => line.id)).toEqual([1, 2, 3, 4, 5]);
  });
  it("keeps 100,000 lines", () => {
    const store = new LogStore(words);
    const begin = performance.now();
    for (let i = 0; i < 100; i++) store.append(many(i * 1000 + 1, (i + 1) * 1000));
    expect(store.lines.length).toBe(100_000);
    expect(performance.now() - begin).toBeLessThan(2000);
  });
  it("drops the oldest lines and says how many", () => {
    const store = new LogStore(words, 100);
    store.append(many(1, 105));
    expect(store.lines.length).toBe(90);
    expect(store.dropped).toBe(15);
    expect(store.lines[0]?.id).toBe(16);
  });
});

describe("LogSearch", () => {
  it("finds lines of any case, also those that come later", () => {
    const store = new LogStore(words);
    const search = new LogSearch();
    store.append([log(1, "Loss 1"), log(2, "x"), log(3, "loss 2")]);
    expect(search.matches(store, "LOSS")).toEqual([0, 2]);
    store.append([log(4, "last loss")]);
    expect(search.matches(store, "LOSS")).toEqual([0, 2, 3]);
    expect(search.matches(store, "")).toEqual([]);
    expect(search.matches(store, "x")).toEqual([1]);
  });
  it("begins anew when lines were dropped", () => {
    const store = new LogStore(words, 10);
    const search = new LogSearch();
    store.append(many(1, 10));
    expect(search.matches(store, "line 9")).toEqual([8]);
    store.append(many(11, 11));
    expect(search.matches(store, "line 9")).toEqual([6]);
  });
});
