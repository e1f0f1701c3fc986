/**
 * One person's work on a review set. Decisions take effect at once and go to the server behind the page, in order and one
 * request at a time, so that the next text never waits for the network:
 *
 *     current  <- ahead[0..]  <- GET next, and the items in each answer to POST label
 *     decide(): current -> unsent -> POST label -> counted
 *     undo():   the last of unsent comes back at once; if there is none, POST undo brings back what the server has
 *
 * A decision that the server refuses comes back with the reason. While no server answers, decisions stay in `unsent` and are
 * sent again after a growing pause.
 */
import { messageOf } from "@/api/http";
import type { NextItems, ReviewItem } from "@/api/review";
import { Leases } from "./reviewLeases";
import { isRefusal, toRequest } from "./reviewState";
import type { Decision, ReviewRequests, SessionState } from "./reviewState";

/** Items held in advance; each is kept from other reviewers for two minutes, so not many. */
const kAhead = 5;
const kMostWanted = 50;
/** How often to ask again while other reviewers hold all that is left. */
const kHeldPause = 5000;
const kDecisionsPerRequest = 50;
const kPauses = [500, 1000, 2000, 4000, 8000];

export class ReviewSession {
  private tail: Promise<unknown> = Promise.resolve();
  private flushing: Promise<void> | null = null;
  private inFlight: readonly Decision[] = [];
  private undoing = false;
  /** Actions that were asked for while an undo was under way. */
  private readonly deferred: (() => void)[] = [];
  private readonly leases = new Leases();
  /** Counts restarts: what was asked for before the last one is not shown. */
  private beginning = 0;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private closed = false;

  constructor(
    private readonly state: SessionState,
    private readonly requests: ReviewRequests,
  ) {}

  start(): Promise<void> {
    return this.refill();
  }

  /** Ends the session: nothing is sent or tried again after this. */
  close(): void {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  /** Gives the current text `label`, or skips it (null), and goes to the next one. */
  decide(label: string | null): void {
    if (this.postponed(() => this.decide(label))) return;
    const item = this.state.current;
    if (!item) return;
    this.beginAction();
    this.state.unsent = [...this.state.unsent, { item, label }];
    this.advance();
    void this.flush();
  }

  /** Gives all `items` the same label, wherever they are. */
  decideAll(items: readonly ReviewItem[], label: string | null): void {
    if (this.postponed(() => this.decideAll(items, label))) return;
    this.beginAction();
    const ids = new Set(items.map((item) => item.item));
    this.state.unsent = [...this.state.unsent, ...items.map((item) => ({ item, label }))];
    this.state.ahead = this.state.ahead.filter((item) => !ids.has(item.item));
    if (this.state.current && ids.has(this.state.current.item)) this.advance();
    void this.flush();
  }

  /** Takes the last `count` decisions back. Without limit; what is decided meanwhile follows, and stays. */
  async undo(count = 1): Promise<void> {
    if (this.postponed(() => void this.undo(count))) return;
    this.beginAction();
    let left = count;
    while (left > 0 && this.takeBackUnsent()) --left;
    if (left === 0) return;
    this.undoing = true;
    try {
      await this.flush();
      while (left > 0 && (this.takeBackUnsent() || (await this.undoOnServer()))) --left;
    } finally {
      this.undoing = false;
      for (const action of this.deferred.splice(0)) action();
    }
  }

  /** Tries at once to send what is unsent and to fetch what is missing. */
  async retry(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await this.flush();
    if (this.state.lost === null || this.state.unsent.length === 0) await this.refill();
  }

  /** Asks for the items that it holds once more, so that their leases go on. */
  renew(): Promise<void> {
    return this.state.lost === null ? this.refill() : Promise.resolve();
  }

  /** Whether others may have got the current text, since its lease has ended. */
  isExpired(): boolean {
    return this.state.current !== null && this.leases.hasEnded(this.state.current);
  }

  /** Drops the items that it holds and begins anew with those of the present queue. */
  async restart(): Promise<void> {
    this.beginAction();
    ++this.beginning;
    this.state.ahead = [];
    this.state.current = null;
    this.state.waiting = true;
    this.state.left = null;
    await this.flush();
    await this.refill();
  }

  /** Sends what is unsent; true if nothing is left. */
  async finish(): Promise<boolean> {
    await this.flush();
    return this.state.unsent.length === 0;
  }

  /** Whether an undo is under way; `action` then follows it. */
  private postponed(action: () => void): boolean {
    if (this.undoing) this.deferred.push(action);
    return this.undoing;
  }

  private beginAction(): void {
    this.state.refusal = null;
    this.state.undone = undefined;
    this.state.nothingToUndo = false;
  }

  private advance(): void {
    this.state.current = this.state.ahead[0] ?? null;
    this.state.ahead = this.state.ahead.slice(1);
    this.state.waiting = this.state.current === null && this.state.left !== 0;
    this.state.held = false;
  }

  /** Makes `item` the current one; what was current comes next. */
  private bringBack(item: ReviewItem): void {
    const { current } = this.state;
    const others = this.state.ahead.filter((other) => other.item !== item.item);
    this.state.ahead = current && current.item !== item.item ? [current, ...others] : others;
    this.state.current = item;
    this.state.waiting = false;
  }

  private takeBackUnsent(): boolean {
    const last = this.state.unsent.at(-1);
    if (!last || this.inFlight.includes(last)) return false;
    this.state.unsent = this.state.unsent.slice(0, -1);
    this.bringBack(last.item);
    this.state.undone = last.label;
    return true;
  }

  /** False if nothing came back. */
  private async undoOnServer(): Promise<boolean> {
    try {
      const answer = await this.inOrder(() => this.requests.undo());
      this.succeeded();
      this.state.stats = answer.stats;
      if (!answer.item) {
        this.state.nothingToUndo = true;
        return false;
      }
      if (this.state.left !== null) ++this.state.left;
      this.bringBack(answer.item);
      this.state.undone = answer.was === "skip" ? null : answer.was;
      return true;
    } catch (error) {
      this.failed(error);
      return false;
    }
  }

  /** Sends what is unsent. Resolves when all is sent, or when no server answers. */
  private flush(): Promise<void> {
    this.flushing ??= this.sendAll().finally(() => (this.flushing = null));
    return this.flushing;
  }

  private async sendAll(): Promise<void> {
    do {
      if (!(await this.sendUnsent())) return;
      if (this.state.ahead.length < kAhead - 1) await this.refill();
      // Meanwhile there may be more to send.
    } while (this.state.unsent.length > 0 && this.state.lost === null && !this.closed);
  }

  /** Sends decisions until there are none. False if no server answers. */
  private async sendUnsent(): Promise<boolean> {
    let most = kDecisionsPerRequest;
    while (this.state.unsent.length > 0 && !this.closed) {
      const batch = this.state.unsent.slice(0, most);
      const { beginning } = this;
      this.inFlight = batch;
      try {
        const answer = await this.inOrder(() => this.requests.label(batch.map(toRequest), this.wanted()));
        this.removeUnsent(batch);
        this.succeeded();
        this.state.stats = answer.stats;
        if (answer.refitted) ++this.state.refits;
        this.take(answer, beginning);
        most = kDecisionsPerRequest;
      } catch (error) {
        if (!isRefusal(error)) {
          this.failed(error);
          return false;
        }
        // Of several decisions one is wrong: each goes alone, so that the others count.
        if (batch.length === 1) this.refuse(batch, messageOf(error));
        most = 1;
      } finally {
        this.inFlight = [];
      }
    }
    return true;
  }

  private removeUnsent(batch: readonly Decision[]): void {
    this.state.unsent = this.state.unsent.filter((decision) => !batch.includes(decision));
  }

  private refuse(batch: readonly Decision[], message: string): void {
    const decision = batch[0];
    this.removeUnsent(batch);
    if (!decision) return;
    this.bringBack(decision.item);
    this.state.refusal = { decision, message };
  }

  private async refill(): Promise<void> {
    if (this.closed) return;
    const { beginning } = this;
    try {
      this.take(await this.inOrder(() => this.requests.next(this.wanted())), beginning);
      this.succeeded();
    } catch (error) {
      this.failed(error);
    }
  }

  /** A reviewer gets the items again that the reviewer holds, so those count too. */
  private wanted(): number {
    return Math.min(kMostWanted, kAhead + 1 + this.state.unsent.length);
  }

  /** Takes over the order of an answer, which a refit may have changed; what it does not name any more comes last. */
  private take(answer: NextItems, beginning: number): void {
    if (beginning !== this.beginning) return; // of the queue before
    this.leases.begin(answer.items);
    const gone = new Set(this.state.unsent.map((decision) => decision.item.item));
    if (this.state.current) gone.add(this.state.current.item);
    const ahead: ReviewItem[] = [];
    for (const item of [...answer.items, ...this.state.ahead]) {
      if (gone.has(item.item) || this.leases.hasEnded(item)) continue;
      gone.add(item.item);
      ahead.push(item);
    }
    this.state.ahead = ahead.slice(0, this.state.current ? kAhead : kAhead + 1);
    this.state.left = answer.left;
    if (!this.state.current) this.advance();
    this.state.held = this.state.waiting && this.state.unsent.length === 0;
    if (this.state.held) this.again(kHeldPause);
  }

  private succeeded(): void {
    this.failures = 0;
    this.state.lost = null;
  }

  private failed(error: unknown): void {
    if (this.closed) return;
    this.state.lost = messageOf(error);
    const pause = kPauses[Math.min(this.failures++, kPauses.length - 1)];
    this.again(pause ?? 0);
  }

  private again(pause: number): void {
    if (this.closed) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.retry(), pause);
  }

  /** Runs `request` after all earlier ones, since answers name the items that the server has leased until then. */
  private inOrder<T>(request: () => Promise<T>): Promise<T> {
    const result = this.tail.then(request);
    this.tail = result.catch(() => undefined);
    return result;
  }
}
