// The details of a line of the audit log, in a form that people can read.

/** Returns "list: deny, user: anna": the short parts of a detail, without empty ones and without texts of several lines. */
export function detailWords(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .filter(([, value]) => ["string", "number", "boolean"].includes(typeof value) && value !== "" && !String(value).trim().includes("\n"))
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(", ");
}

/** Returns the texts of several lines of a detail, such as that of a rule. */
export function detailTexts(detail: Readonly<Record<string, unknown>>): string[] {
  return Object.values(detail).filter((value): value is string => typeof value === "string" && value.trim().includes("\n"));
}
