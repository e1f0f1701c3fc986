/** Texts per minute: how quickly somebody labels while at it. */

/** A pause of more than this is not counted as work. */
const kLongestPause = 30_000;
const kDecisions = 20;

export class RateCounter {
  private times: number[] = [];

  /** A decision was made at `time`, in milliseconds. */
  add(time: number): void {
    this.times.push(time);
    if (this.times.length > kDecisions + 1) this.times.shift();
  }

  /** The last decision was taken back. */
  takeBack(): void {
    this.times.pop();
  }

  /** Texts per minute over the last twenty decisions without pauses; null before the third. */
  perMinute(): number | null {
    let spent = 0;
    let counted = 0;
    for (let i = 1; i < this.times.length; ++i) {
      const gap = (this.times[i] ?? 0) - (this.times[i - 1] ?? 0);
      if (gap > kLongestPause) continue;
      spent += gap;
      ++counted;
    }
    return counted < 2 || spent <= 0 ? null : (counted * 60_000) / spent;
  }
}
