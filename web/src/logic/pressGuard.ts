// Tells the second press of a double click from one that is meant.

/** Slower than double clicks are, and faster than anybody reads a text. */
export const kDoubleClickMs = 400;

/**
 * For buttons that stay in their place while what they act on changes: the second press of a double click would act on the next
 * thing, which nobody has seen.
 */
export class PressGuard {
  private last = -Infinity;

  /** Whether a press by pointer at `now`, in milliseconds, is meant. */
  isMeant(now: number): boolean {
    const meant = now - this.last >= kDoubleClickMs;
    this.last = now;
    return meant;
  }
}
