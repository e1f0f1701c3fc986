import { describe, expect, it } from "vitest";
import type { JobEvent, NumberedEvent } from "@/api/jobs";
import { advance, emptyProgress, secondsLeft, shareOf } from "./jobProgress";

function after(...data: JobEvent[]) {
  return data.reduce((progress, each, i) => advance(progress, { id: i + 1, ...each } as NumberedEvent), emptyProgress());
}

describe("secondsLeft", () => {
  it("goes on at the speed so far", () => {
    expect(secondsLeft(25, 100, 10)).toBe(30);
    expect(secondsLeft(100, 100, 10)).toBe(0);
  });
  it("says nothing by the first steps alone", () => {
    expect(secondsLeft(1, 100, 3)).toBeNull();
    expect(secondsLeft(1, 100, 30)).toBeCloseTo(2970);
    expect(secondsLeft(0, 100, 30)).toBeNull();
    expect(secondsLeft(5, 0, 30)).toBeNull();
  });
});

describe("advance", () => {
  it("follows the work, and takes the estimate of the server where there is one", () => {
    const progress = after(
      { type: "state", state: "running" },
      { type: "progress", work: "train", done: 5, total: 10, seconds: 20, loss: 0.5, rate: "10 tokens/s" },
    );
    expect(progress).toMatchObject({ work: "train", done: 5, secondsLeft: 20, loss: 0.5, rate: "10 tokens/s" });
    expect(shareOf(progress)).toBe(0.5);
    const told = after({ type: "progress", work: "train", done: 5, total: 10, seconds: 20, remaining_seconds: 7 });
    expect(told.secondsLeft).toBe(7);
  });
  it("ignores an event that comes twice, as after a lost connection", () => {
    const first = after({ type: "progress", work: "train", done: 5, total: 10 });
    expect(advance(first, { id: 1, type: "progress", work: "train", done: 1, total: 10 })).toBe(first);
  });
  it("begins anew when a job is resumed", () => {
    const progress = after(
      { type: "progress", work: "train", done: 5, total: 10 },
      { type: "error", message: "out of memory" },
      { type: "state", state: "failed" },
      { type: "state", state: "queued" },
    );
    expect(progress).toMatchObject({ state: "queued", done: 0, total: 0, error: null });
    expect(shareOf(progress)).toBeNull();
  });
  it("ends with the reason of a failure", () => {
    const progress = after({ type: "error", message: "out of memory" }, { type: "state", state: "failed" });
    expect(progress.error).toBe("out of memory");
  });
});
