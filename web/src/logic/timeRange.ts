// Ranges of time that a search offers, such as the last day, and the bounds that they mean at a given moment.

export type TimeRange = "hour" | "day" | "week" | "month" | "all" | "custom";

export const timeRanges: readonly TimeRange[] = ["all", "hour", "day", "week", "month", "custom"];

const minutesOf: Record<"hour" | "day" | "week" | "month", number> = {
  hour: 60,
  day: 24 * 60,
  week: 7 * 24 * 60,
  month: 30 * 24 * 60,
};

export interface TimeBounds {
  since?: string;
  until?: string;
}

export function isTimeRange(text: unknown): text is TimeRange {
  return typeof text === "string" && (timeRanges as readonly string[]).includes(text);
}

/** Returns a time as the server reads it: in UTC, without milliseconds. */
export function serverTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/**
 * Reads the value of an input of type datetime-local, which is in the time zone of the browser. Returns undefined for
 * anything else, also for a value that is not complete yet.
 */
export function timeOfInput(value: string): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(value)) return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** Returns the value of an input of type datetime-local for a time, in the time zone of the browser. */
export function inputOfTime(time: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${date}T${two(time.getHours())}:${two(time.getMinutes())}`;
}

/**
 * Returns the bounds of a range at `now`. Those of a custom range are `from` and `to`, values of inputs of type
 * datetime-local; a bound that is empty or not complete is left out.
 */
export function timeBounds(range: TimeRange, now: Date, from = "", to = ""): TimeBounds {
  if (range === "all") return {};
  if (range !== "custom") return { since: serverTime(new Date(now.getTime() - minutesOf[range] * 60_000)) };
  const since = timeOfInput(from);
  const until = timeOfInput(to);
  return { ...(since && { since: serverTime(since) }), ...(until && { until: serverTime(until) }) };
}
