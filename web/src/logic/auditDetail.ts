// The details of a line of the audit log, in a form that people can read.
import { beginningOf } from "./longText";

/** A longer text is shown by its beginning. */
const longest = 60;

function short(value: string | number | boolean): string {
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  const text = String(value);
  return text.length > longest ? `${beginningOf(text, longest).trimEnd()}…` : text;
}

/** Returns "list: deny, user: anna": the short parts of a detail, without empty ones and without texts of several lines. */
export function detailWords(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .flatMap(([name, value]) => {
      if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return [];
      return value === "" || String(value).trim().includes("\n") ? [] : [`${name}: ${short(value)}`];
    })
    .join(", ");
}

/** Returns the texts of several lines of a detail, such as that of a rule. */
export function detailTexts(detail: Readonly<Record<string, unknown>>): string[] {
  return Object.values(detail).filter((value): value is string => typeof value === "string" && value.trim().includes("\n"));
}
