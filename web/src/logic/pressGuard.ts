// Tells the second press of a double click from one that is meant.

/** Slower than double clicks are, and faster than anybody reads a text. */
export const kDoubleClickMs = 400;

/**
 * For buttons that stay in their place while what they act on changes: the second press of a double click would act on the next
 * thing, which nobody has seen. Times are those of the events, since a slow machine handles them late.
 */
export class PressGuard {
  private last = -Infinity;
  private shown = -Infinity;

  /** To be called when another thing is there to act on. */
  show(now: number): void {
    this.shown = now;
  }

  /** Whether a press is meant: by keys always, by pointer if it is no second one of what was there before. */
  isMeant(press: { detail: number; timeStamp: number }): boolean {
    if (press.detail === 0) return true;
    const meant = press.timeStamp - this.last >= kDoubleClickMs && press.timeStamp >= this.shown;
    this.last = press.timeStamp;
    return meant;
  }
}
