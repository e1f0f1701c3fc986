// Numbers, sizes and times for people, in American English.
import { serverNow } from "./serverClock";

const kWhole = new Intl.NumberFormat("en-US");
const kDate = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeStyle: "short" });
const kRelative = new Intl.RelativeTimeFormat("en-US", { numeric: "auto" });

/** 12,345 */
export const count = (value: number): string => kWhole.format(value);

/** "1 text", "2 texts" */
export const plural = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

/** A share of 1 with as many digits as it needs: "97.5 %", "0.3 %", "100 %". */
export function percent(share: number, digits = 1): string {
  if (!Number.isFinite(share)) return "–";
  const text = (share * 100).toFixed(digits);
  return `${digits > 0 ? text.replace(/\.0+$/, "") : text} %`;
}

/** A probability that a model gives, which is never quite 0 or 1, though it may round to that: "> 99.9 %". */
export function probability(value: number): string {
  if (value > 0.9995) return "> 99.9 %";
  if (value < 0.0005) return "< 0.1 %";
  return percent(value);
}

/** A metric between 0 and 1 as it is printed in the field: ".975", "1.000". */
export function metric(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return value.toFixed(digits).replace(/^(-?)0\./, "$1.");
}

export function bytes(value: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let unit = 0;
  let rest = value;
  while (rest >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : rest.toFixed(1)} ${units[unit] ?? ""}`;
}

/** "0.4 ms", "12 ms", "1.3 s" */
export function milliseconds(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} ms`;
}

/** "45 s", "3 min", "1 h 20 min" */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole === 0) return "less than a second";
  if (whole < 90) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A time of the API: ISO text in UTC, or seconds since 1970. */
export function asDate(time: string | number): Date {
  return typeof time === "number" ? new Date(time * 1000) : new Date(time);
}

export function dateTime(time: string | number): string {
  const date = asDate(time);
  return Number.isNaN(date.getTime()) ? "–" : kDate.format(date);
}

/** A clock that is slow by less than this, in seconds, is not worth a word. */
const kSlowClock = 120;

/** "5 minutes ago", "yesterday", by the server's clock. What lies ahead is "now", or has its date. */
export function ago(time: string | number, now = serverNow()): string {
  const date = asDate(time);
  if (Number.isNaN(date.getTime())) return "–";
  if (date.getTime() - now > kSlowClock * 1000) return kDate.format(date);
  const seconds = Math.min(0, (date.getTime() - now) / 1000);
  const steps: [Intl.RelativeTimeFormatUnit, number, number][] = [
    ["second", 1, 60],
    ["minute", 60, 3600],
    ["hour", 3600, 86_400],
    ["day", 86_400, 86_400 * 30],
    ["month", 86_400 * 30, 86_400 * 365],
    ["year", 86_400 * 365, Infinity],
  ];
  for (const [unit, size, limit] of steps) {
    if (Math.abs(seconds) < limit) return kRelative.format(Math.round(seconds / size), unit);
  }
  return "–";
}

/** The text with its first letter as a capital. */
export const upperFirst = (text: string): string => text.replace(/^\p{Ll}/u, (letter) => letter.toLocaleUpperCase("en-US"));
