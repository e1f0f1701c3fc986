// What the events of a job say about where it stands.
import type { JobState, NumberedEvent } from "@/api/jobs";

export interface JobProgress {
  state: JobState | null;
  /** What is being done now, in the server's words: "train", "evaluate". Empty before anything has begun. */
  work: string;
  done: number;
  /** 0: unknown. */
  total: number;
  secondsLeft: number | null;
  rate: string | null;
  loss: number | null;
  /** Why the job failed and what to do, if an event says so. */
  error: string | null;
  lastId: number;
}

export function emptyProgress(): JobProgress {
  return { state: null, work: "", done: 0, total: 0, secondsLeft: null, rate: null, loss: null, error: null, lastId: 0 };
}

/** The first steps are slower than later ones: an estimate by them would be far too long. */
const shareForEstimate = 0.02;
const secondsForEstimate = 20;

/** Returns the seconds that the present work still takes, or null while nothing can be said. */
export function secondsLeft(done: number, total: number, seconds: number): number | null {
  if (total <= 0 || done <= 0 || seconds < 0) return null;
  const share = Math.min(1, done / total);
  if (share < shareForEstimate && seconds < secondsForEstimate) return null;
  return (seconds * (1 - share)) / share;
}

/** Returns the progress after an event. Events that are known already change nothing. */
export function advance(progress: JobProgress, event: NumberedEvent): JobProgress {
  if (event.id <= progress.lastId) return progress;
  const next: JobProgress = { ...progress, lastId: event.id };
  if (event.type === "state") {
    next.state = event.state;
    // A job that was started again begins with its first work.
    if (event.state === "queued" || event.state === "running") {
      Object.assign(next, { work: "", done: 0, total: 0, secondsLeft: null, rate: null, error: null });
    }
    if (event.state !== "running") next.secondsLeft = null;
  } else if (event.type === "progress") {
    next.work = event.work;
    next.done = event.done;
    next.total = event.total ?? 0;
    const left = secondsLeft(next.done, next.total, event.seconds ?? -1);
    next.secondsLeft = left === null ? null : (event.remaining_seconds ?? left);
    next.rate = typeof event.rate === "string" ? event.rate : null;
    if (typeof event.loss === "number") next.loss = event.loss;
  } else if (event.type === "error") {
    next.error = event.message;
  }
  return next;
}

/** Returns how far the present work is, from 0 to 1, or null if that is unknown. */
export function shareOf(progress: JobProgress): number | null {
  if (progress.state === "succeeded") return 1;
  if (progress.total <= 0) return null;
  return Math.min(1, Math.max(0, progress.done / progress.total));
}
