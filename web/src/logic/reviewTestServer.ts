// A server of reviews in memory, for the tests of the session.
import type { LabelAnswer, LabelDecision, ReviewItem, ReviewStats } from "@/api/review";
import type { ReviewRequests } from "./reviewState";

/** The text with the number `id`. */
export function item(id: number): ReviewItem {
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

/** As ApiError: a status and a message. */
class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** A review of `total` texts in memory: hands out the first free ones in order, also those that the reviewer has already. */
export class ReviewServer implements ReviewRequests {
  readonly log: LabelDecision[] = [];
  readonly taken = new Set<number>();
  down = false;
  reversed = false;
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
    const refitted = this.log.length % 10 === 0;
    return { items: this.hand(count), left: this.left(), stats: this.stats(), refitted };
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
    const done = new Set(this.log.map((decision) => decision.item));
    const free = Array.from({ length: this.total }, (_, i) => i).filter((i) => !done.has(i) && !this.taken.has(i));
    return (this.reversed ? free.reverse() : free).slice(0, count).map(item);
  }

  private left(): number {
    return this.total - this.log.length;
  }

  private stats(): ReviewStats {
    const numbers = { f1_macro: null, low: null, high: null, next: null, per_label: {}, sentence: "" };
    return { labelled: this.log.length, skipped: 0, ...numbers };
  }
}
