import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReviewSession } from "./reviewSession";
import { emptyState } from "./reviewState";
import type { SessionState } from "./reviewState";
import { item, ReviewServer } from "./reviewTestServer";

let server: ReviewServer;
let state: SessionState;
let session: ReviewSession;

async function begin(total: number): Promise<void> {
  server = new ReviewServer(total);
  state = emptyState();
  session = new ReviewSession(state, server);
  const started = session.start();
  await vi.advanceTimersByTimeAsync(10);
  await started;
}

const settle = () => vi.advanceTimersByTimeAsync(100);
const given = () => server.log.map((decision) => [decision.item, decision.label ?? "skip"]);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  session.close();
  vi.useRealTimers();
});

describe("decisions", () => {
  it("show the next text at once and reach the server in order", async () => {
    await begin(20);
    session.decide("spam");
    session.decide(null);
    session.decide("ham");
    expect(state.current?.item).toBe(3);
    expect(state.unsent).toHaveLength(3);
    await settle();
    expect(given()).toEqual([
      [0, "spam"],
      [1, "skip"],
      [2, "ham"],
    ]);
    expect(state.unsent).toEqual([]);
    expect(state.stats?.labelled).toBe(3);
  });

  it("never show a text twice, and show all, also when somebody is quicker than the network", async () => {
    await begin(40);
    const seen: unknown[] = [];
    for (let i = 0; i < 400 && seen.length < 40; ++i) {
      if (state.current) seen.push(state.current.item);
      session.decide("spam");
      await vi.advanceTimersByTimeAsync(1);
    }
    await settle();
    expect(new Set(seen).size).toBe(40);
    expect(server.log).toHaveLength(40);
    expect(state.current).toBeNull();
    expect(state.waiting).toBe(false);
    expect(state.left).toBe(0);
  });

  it("travel together while a request is under way", async () => {
    await begin(20);
    for (let i = 0; i < 4; ++i) session.decide("spam");
    await settle();
    expect(server.batches).toEqual([1, 3]);
  });

  it("are sent also if they are made while texts are fetched", async () => {
    await begin(3);
    session.decide("a");
    await vi.advanceTimersByTimeAsync(8);
    session.decide("b");
    await settle();
    expect(server.log).toHaveLength(2);
    expect(state.unsent).toEqual([]);
  });

  it("count the fits of the model", async () => {
    await begin(30);
    for (let i = 0; i < 10; ++i) {
      session.decide("spam");
      await settle();
    }
    expect(state.refits).toBe(1);
  });

  it("about a group remove its texts from those to come", async () => {
    await begin(20);
    session.decideAll([item(0), item(2), item(15)], "spam");
    expect(state.current?.item).toBe(1);
    expect(state.ahead.map((each) => each.item)).toEqual([3, 4, 5]);
    await settle();
    expect(given()).toEqual([
      [0, "spam"],
      [2, "spam"],
      [15, "spam"],
    ]);
  });
});

describe("undo of a group", () => {
  it("takes back the group alone, though another one is labelled meanwhile", async () => {
    await begin(20);
    session.decideAll([item(0), item(2), item(5)], "spam");
    await settle();
    void session.undo(3);
    await vi.advanceTimersByTimeAsync(8); // one of the three has come back
    session.decideAll([item(7), item(8)], "ham");
    await settle();
    expect(given()).toEqual([
      [7, "ham"],
      [8, "ham"],
    ]);
    expect(state.unsent).toEqual([]);
  });

  it("ends where nothing is left, or no server answers", async () => {
    await begin(20);
    session.decideAll([item(0), item(1)], "spam");
    await settle();
    void session.undo(5);
    await settle();
    expect(given()).toEqual([]);
    expect(state.nothingToUndo).toBe(true);
    session.decideAll([item(0), item(1)], "spam");
    await settle();
    server.down = true;
    void session.undo(2);
    await settle();
    expect(state.lost).not.toBeNull();
    expect(given()).toHaveLength(2);
  });
});

describe("another queue", () => {
  it("shows its own texts alone, though a label for the queue before is under way", async () => {
    await begin(20);
    const answer = server.label.bind(server);
    // The answer to the label still names texts of the queue before.
    server.label = async (decisions, count) => ({ ...(await answer(decisions, count)), items: [item(1), item(2)] });
    session.decide("a");
    await vi.advanceTimersByTimeAsync(2);
    server.reversed = true;
    void session.restart();
    expect(state.current).toBeNull();
    await settle();
    expect(server.log).toHaveLength(1);
    expect([state.current, ...state.ahead].map((each) => each?.item)).toEqual([19, 18, 17, 16, 15, 14]);
  });
});

describe("texts in advance", () => {
  it("come once, however often an answer names them", async () => {
    server = new ReviewServer(4);
    const next = server.next.bind(server);
    server.next = async (count) => {
      const { items, left } = await next(count);
      return { items: [...items, ...items], left };
    };
    state = emptyState();
    session = new ReviewSession(state, server);
    void session.start();
    await settle();
    expect([state.current, ...state.ahead].map((each) => each?.item)).toEqual([0, 1, 2, 3]);
  });

  it("follow the server's order after a refit", async () => {
    await begin(40);
    server.reversed = true;
    session.decide("spam");
    await settle();
    expect(state.current?.item).toBe(1);
    expect(state.ahead.map((each) => each.item)).toEqual([39, 38, 37, 36, 35]);
  });

  it("are asked for again while others have all that is left", async () => {
    await begin(8);
    for (let i = 0; i < 8; ++i) server.taken.add(i);
    for (let i = 0; i < 6; ++i) session.decide("spam");
    await settle();
    expect(state.current).toBeNull();
    expect(state.held).toBe(true);
    expect(state.left).toBe(2);
    server.taken.clear();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(state.current?.item).toBe(6);
    expect(state.held).toBe(false);
  });

  it("are kept by renewing their leases", async () => {
    await begin(20);
    expect(session.isExpired()).toBe(false);
    await vi.advanceTimersByTimeAsync(100_000);
    void session.renew();
    await vi.advanceTimersByTimeAsync(100_000);
    expect(session.isExpired()).toBe(false);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(session.isExpired()).toBe(true);
    expect(state.current?.item).toBe(0);
  });
});

describe("a refusal", () => {
  it("brings the text back with the reason, and lets the others count", async () => {
    await begin(20);
    server.refuse = (decision) => decision.label === "gone";
    for (const label of ["spam", "gone", "ham"]) session.decide(label);
    await settle();
    expect(given()).toEqual([
      [0, "spam"],
      [2, "ham"],
    ]);
    expect(state.refusal).toEqual({ decision: { item: item(1), label: "gone" }, message: "there is no such label" });
    expect(state.current?.item).toBe(1);
    session.decide("spam");
    expect(state.refusal).toBeNull();
    expect(state.current?.item).toBe(3);
  });
});

describe("a lost connection", () => {
  it("keeps decisions and sends them once the server is back", async () => {
    await begin(20);
    server.down = true;
    for (const label of ["a", "b", "c"]) session.decide(label);
    await settle();
    expect(state.lost).toBe("Failed to fetch");
    expect(state.unsent).toHaveLength(3);
    expect(state.current?.item).toBe(3);
    server.down = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(given()).toEqual([
      [0, "a"],
      [1, "b"],
      [2, "c"],
    ]);
    expect(state.lost).toBeNull();
    expect(state.ahead.length).toBeGreaterThan(0);
  });

  it("does not keep anybody from undoing what was not sent", async () => {
    await begin(20);
    server.down = true;
    session.decide("a");
    session.decide("b");
    await settle();
    await session.undo();
    expect(state.current?.item).toBe(1);
    expect(state.undone).toBe("b");
    server.down = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(given()).toEqual([[0, "a"]]);
  });

  it("at the beginning is tried again", async () => {
    server = new ReviewServer(5);
    server.down = true;
    state = emptyState();
    session = new ReviewSession(state, server);
    void session.start();
    await settle();
    expect(state.lost).not.toBeNull();
    expect(state.waiting).toBe(true);
    server.down = false;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(state.current?.item).toBe(0);
  });
});

describe("undo", () => {
  it("goes back to the first decision, one at a time", async () => {
    await begin(20);
    for (const label of ["a", null, "c"]) {
      session.decide(label);
      await settle();
    }
    const back: unknown[] = [];
    for (let i = 0; i < 3; ++i) {
      void session.undo();
      await settle();
      back.push([state.current?.item, state.undone]);
    }
    expect(back).toEqual([
      [2, "c"],
      [1, null],
      [0, "a"],
    ]);
    expect(server.log).toEqual([]);
    void session.undo();
    await settle();
    expect(state.nothingToUndo).toBe(true);
    expect([state.current, ...state.ahead].map((each) => each?.item).slice(0, 4)).toEqual([0, 1, 2, 3]);
  });

  it("lets keys that follow at once act on the text that comes back", async () => {
    await begin(20);
    session.decide("wrong");
    await settle();
    void session.undo();
    session.decide("right");
    await settle();
    expect(given()).toEqual([[0, "right"]]);
    expect(state.current?.item).toBe(1);
  });

  it("waits for a decision that is under way", async () => {
    await begin(20);
    session.decide("a");
    void session.undo();
    await settle();
    expect(server.log).toEqual([]);
    expect(state.current?.item).toBe(0);
    expect(state.undone).toBe("a");
  });
});
