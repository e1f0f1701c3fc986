// The lines of a job's log: appended, searched, and shown a screenful at a time.
import type { JobState, NumberedEvent } from "@/api/jobs";

export type LogLevel = "debug" | "info" | "warning" | "error" | "state";

export interface LogLine {
  id: number;
  level: LogLevel;
  text: string;
}

export interface LogWords {
  state: (state: JobState) => string;
}

const levels: readonly string[] = ["debug", "info", "warning", "error"];

/** Returns the line of an event, or null for those that are shown otherwise: progress, and evaluations, which are logged in words too. */
export function lineOf(event: NumberedEvent, words: LogWords): LogLine | null {
  switch (event.type) {
    case "log":
      return { id: event.id, level: (levels.includes(event.level) ? event.level : "info") as LogLevel, text: event.message };
    case "error":
      return { id: event.id, level: "error", text: event.message };
    case "state":
      return { id: event.id, level: "state", text: words.state(event.state) };
    default:
      return null;
  }
}

/** Lines in the order of their ids. Not reactive by itself: `version` changes with each change. */
export class LogStore {
  lines: LogLine[] = [];
  /** Lines that were dropped at the front, so that memory stays bounded. */
  dropped = 0;
  version = 0;
  lastId = 0;

  constructor(
    private readonly words: LogWords,
    private readonly most = 200_000,
  ) {}

  append(events: readonly NumberedEvent[]): void {
    for (const event of events) {
      if (event.id <= this.lastId) continue;
      this.lastId = event.id;
      const line = lineOf(event, this.words);
      if (line !== null) this.lines.push(line);
    }
    // A tenth at a time: dropping one line at a time would move all others at each event.
    if (this.lines.length > this.most) {
      const excess = this.lines.length - this.most + Math.floor(this.most / 10);
      this.lines = this.lines.slice(excess);
      this.dropped += excess;
    }
    this.version++;
  }

  clear(): void {
    this.lines = [];
    this.dropped = 0;
    this.lastId = 0;
    this.version++;
  }
}

/** Finds the lines that contain a text, whatever the case; lines that were searched already are not searched again. */
export class LogSearch {
  private query = "";
  private found: number[] = [];
  private searched = 0;
  private dropped = 0;

  /** Returns the indices of the lines that match, in order. */
  matches(store: LogStore, query: string): readonly number[] {
    const wanted = query.toLowerCase();
    if (wanted !== this.query || store.dropped !== this.dropped || store.lines.length < this.searched) {
      this.query = wanted;
      this.dropped = store.dropped;
      this.found = [];
      this.searched = 0;
    }
    if (wanted === "") return [];
    for (; this.searched < store.lines.length; this.searched++) {
      if (store.lines[this.searched]!.text.toLowerCase().includes(wanted)) this.found.push(this.searched);
    }
    return this.found;
  }
}
