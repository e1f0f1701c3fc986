import { describe, expect, it } from "vitest";
import type { NumberedEvent } from "@/api/jobs";
import { JobFollower } from "./jobFollower";

const event = (id: number): NumberedEvent => ({ id, type: "log", level: "info", message: String(id) });

function server(count: number, pageSize = 2) {
  const kept = Array.from({ length: count }, (_, i) => event(i + 1));
  const taken: number[] = [];
  const errors: unknown[] = [];
  const state = { kept, taken, errors, requests: 0, fails: false };
  const follower = new JobFollower({
    fetchPage: async (after) => {
      state.requests++;
      await Promise.resolve();
      if (state.fails) throw new Error("down");
      const events = kept.filter((each) => each.id > after).slice(0, pageSize);
      const last = events[events.length - 1]?.id ?? after;
      return { events, next: kept.some((each) => each.id > last) ? last : null };
    },
    take: (events) => taken.push(...events.map((each) => each.id)),
    fail: (error) => errors.push(error),
  });
  return { state, follower };
}

describe("JobFollower", () => {
  it("fetches all pages, then hears", async () => {
    const { state, follower } = server(5);
    await follower.refresh();
    follower.hear(event(6));
    expect(state.taken).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it("puts events that come meanwhile behind those of the past", async () => {
    const { state, follower } = server(3);
    const fetched = follower.refresh();
    follower.hear(event(4));
    follower.hear(event(3));
    await fetched;
    expect(state.taken).toEqual([1, 2, 3, 4]);
  });
  it("fetches what it has missed", async () => {
    const { state, follower } = server(1);
    await follower.refresh();
    state.kept.push(event(2), event(3), event(4));
    follower.hear(event(4));
    await new Promise((resolve) => setTimeout(resolve));
    expect(state.taken).toEqual([1, 2, 3, 4]);
  });
  it("takes no event twice", async () => {
    const { state, follower } = server(2);
    await follower.refresh();
    follower.hear(event(2));
    await follower.refresh();
    expect(state.taken).toEqual([1, 2]);
  });
  it("says that the server is gone, and tries again", async () => {
    const { state, follower } = server(2);
    state.fails = true;
    await follower.refresh();
    expect(state.errors).toHaveLength(1);
    state.fails = false;
    await follower.refresh();
    expect(state.taken).toEqual([1, 2]);
  });
  it("takes nothing after its end", async () => {
    const { state, follower } = server(3);
    const fetched = follower.refresh();
    follower.stop();
    await fetched;
    expect(state.taken).toEqual([]);
    expect(state.errors).toEqual([]);
  });
});
