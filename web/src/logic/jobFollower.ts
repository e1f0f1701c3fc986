// Follows the events of one job without a gap: first what the server has kept, then what it sends.
import { isAborted } from "@/api/http";
import type { LogPage, NumberedEvent } from "@/api/jobs";

export interface FollowerOptions {
  /** Fetches a page of the events behind `after`. */
  fetchPage: (after: number, signal: AbortSignal) => Promise<LogPage>;
  /** Gets each event once, in order. */
  take: (events: NumberedEvent[]) => void;
  /** The server can't be asked; a later `refresh` tries again. */
  fail: (error: unknown) => void;
}

/** IDs of a job count from 1, so that a gap shows that events were missed. */
export class JobFollower {
  private last = 0;
  private controller: AbortController | null = null;
  private waiting: NumberedEvent[] = [];
  private again = false;

  constructor(private readonly options: FollowerOptions) {}

  /** Whether events of the past are being fetched. */
  get fetching(): boolean {
    return this.controller !== null;
  }

  /** Fetches what is missing. Called again meanwhile, it goes on for as long as there is more. */
  async refresh(): Promise<void> {
    if (this.controller !== null) {
      this.again = true;
      return;
    }
    const controller = new AbortController();
    this.controller = controller;
    try {
      do {
        this.again = false;
        await this.fetchAll(controller);
      } while (this.again && !controller.signal.aborted);
    } catch (error) {
      if (!isAborted(error) && !controller.signal.aborted) this.options.fail(error);
    } finally {
      if (this.controller === controller) {
        this.controller = null;
        this.takeWaiting();
      }
    }
  }

  private async fetchAll(controller: AbortController): Promise<void> {
    for (;;) {
      const page = await this.options.fetchPage(this.last, controller.signal);
      if (controller.signal.aborted) return;
      this.takeNew(page.events);
      if (page.next === null || page.events.length === 0) return;
    }
  }

  /** Takes an event that the server has sent. */
  hear(event: NumberedEvent): void {
    if (event.id <= this.last) return;
    if (this.controller !== null) {
      this.waiting.push(event);
    } else if (event.id === this.last + 1) {
      this.takeNew([event]);
    } else {
      this.waiting.push(event);
      void this.refresh();
    }
  }

  /** Ends requests that are under way; nothing is taken afterwards. */
  stop(): void {
    this.controller?.abort();
    this.controller = null;
    this.waiting = [];
    this.again = false;
  }

  private takeNew(events: readonly NumberedEvent[]): void {
    const fresh = events.filter((event) => event.id > this.last);
    if (fresh.length === 0) return;
    this.last = fresh[fresh.length - 1]!.id;
    this.options.take(fresh);
  }

  private takeWaiting(): void {
    const waiting = this.waiting.sort((a, b) => a.id - b.id);
    this.waiting = [];
    this.takeNew(waiting);
  }
}
