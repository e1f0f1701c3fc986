import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ReviewSession } from "./reviewSession";
import { emptyState } from "./reviewState";
import type { ReviewRequests, SessionState } from "./reviewState";
import type { LabelAnswer, LabelDecision, ReviewItem, ReviewStats } from "@/api/review";

function item(id: number): ReviewItem {
  const rest = {
    suggestion: null,
    scores: [],
    queue: "mixed",
    reason: "",
    given: null,
    cluster: null,
    lease_seconds: 120,
  };
  return { item: id, text: `text ${id}`, ...rest };
}

class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** A review of `total` texts in memory, which hands items out in order and can refuse or vanish. */
class Server implements ReviewRequests {
  readonly log: LabelDecision[] = [];
  readonly leased = new Set<number>();
  down = false;
  refuse: (decision: LabelDecision) => boolean = () => false;
  batches: number[] = [];

  constructor(private readonly total: number) {}

  async next(count: number) {
    await this.answer();
    return { items: this.hand(count), left: this.left() };
  }

  async label(decisions: LabelDecision[], count: number): Promise<LabelAnswer> {
    await this.answer();
    if (decisions.some(this.refuse)) throw new HttpError(422, "there is no such label");
    this.batches.push(decisions.length);
    this.log.push(...decisions);
    return { items: this.hand(count), left: this.left(), stats: this.stats(), refitted: this.log.length % 10 === 0 };
  }

  async undo() {
    await this.answer();
    const last = this.log.pop();
    return { item: last ? item(Number(last.item)) : null, was: last?.label ?? "skip", stats: this.stats() };
  }

  private async answer(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.down) throw new TypeError("Failed to fetch");
  }

  private hand(count: number): ReviewItem[] {
    const free = Array.from({ length: this.total }, (_, i) => i)
      .filter((i) => !this.leased.has(i))
      .slice(0, count);
    free.forEach((i) => this.leased.add(i));
    return free.map(item);
  }

  private left(): number {
    return this.total - this.log.length;
  }

  private stats(): ReviewStats {
    const numbers = { f1_macro: null, low: null, high: null, next: null, per_label: {}, sentence: "" };
    return { labelled: this.log.length, skipped: 0, ...numbers };
  }
}

let server: Server;
let state: SessionState;
let session: ReviewSession;

async function begin(total: number): Promise<void> {
  server = new Server(total);
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
    expect(state.ahead.map((each) => each.item)).toEqual([3, 4]);
    await settle();
    expect(given()).toEqual([
      [0, "spam"],
      [2, "spam"],
      [15, "spam"],
    ]);
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
    server = new Server(5);
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
