// The options that say how a data file is read: in the page's URL, in queries to the server, and as options of jobs.
import type { Preview, ReadingOptions, Summary } from "@/api/data";

export const kOptionNames = ["format", "delimiter", "quoting", "header", "encoding", "text-field", "label-field"] as const;
export type OptionName = (typeof kOptionNames)[number];

export const kFormats = ["csv", "tsv", "jsonl", "json", "fasttext", "lines"] as const;
export const kEncodings = ["utf-8", "utf-16le", "utf-16be", "windows-1252", "latin-1"] as const;
export const kDelimiters = [",", ";", "tab", "|"] as const;
export const kQuotings = ["csv", "none"] as const;

/** A parameter of the URL: vue-router gives a list where a name comes twice. */
type UrlValue = string | null | undefined | (string | null)[];

/** The options that the URL sets. Parameters that mean nothing are left out. */
export function optionsOfUrl(query: Readonly<Record<string, UrlValue>>): ReadingOptions {
  const options: ReadingOptions = {};
  for (const name of kOptionNames) {
    const value = query[name];
    if (typeof value !== "string" || value === "") continue;
    if (name !== "header") options[name] = value;
    else if (value === "true" || value === "false") options.header = value === "true";
  }
  return options;
}

/** The parameters of a URL that set these options. */
export const urlOfOptions = (options: ReadingOptions): Record<string, string> =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [name, String(value)]));

/** The query of the URL with one option changed; undefined removes it, so that the server guesses again. */
export function urlWithOption(
  query: Readonly<Record<string, UrlValue>>,
  name: OptionName,
  value: string | undefined,
): Record<string, UrlValue> {
  const changed: Record<string, UrlValue> = { ...query };
  if (value === undefined) delete changed[name];
  else changed[name] = value;
  // Columns are named differently where the table is divided differently.
  if (name !== "text-field" && name !== "label-field" && name !== "encoding") {
    delete changed["text-field"];
    delete changed["label-field"];
  }
  // Rows are counted differently then.
  delete changed.page;
  return changed;
}

/** The same options as a job takes them: those of the command line. */
export function jobOptions(options: ReadingOptions): Record<string, string | boolean> {
  const result: Record<string, string | boolean> = {};
  for (const name of kOptionNames) {
    if (name === "header") {
      // --header doesn't exist: without --no-header, the program looks at the first row.
      if (options.header === false) result["no-header"] = true;
      continue;
    }
    const value = options[name];
    if (value !== undefined) result[name] = value;
  }
  return result;
}

/** The value in effect of each option, as the server read the file: what its drop-down shows. */
export function inEffect(preview: Preview): Record<OptionName, string | null> {
  const { options } = preview;
  return {
    format: options.format ?? null,
    delimiter: options.delimiter === "\t" ? "tab" : (options.delimiter ?? null),
    quoting: options.quoting ?? null,
    header: options.header === undefined || options.header === null ? null : String(options.header),
    encoding: options.encoding ?? null,
    "text-field": options.text_field ?? null,
    "label-field": options.label_field ?? null,
  };
}

/** Whether an option means anything in a format. */
export function applies(name: OptionName, format: string | null): boolean {
  if (name === "delimiter" || name === "quoting" || name === "header") return format === "csv" || format === "tsv";
  if (name === "text-field" || name === "label-field") return format !== "fasttext" && format !== "lines";
  return true;
}

/** Whether any text has a label: by all rows, or by the first ones while these have not been counted. */
export function hasLabels(preview: Preview, summary: Summary | null): boolean {
  if (summary !== null) return summary.labels.length > 0;
  return preview.examples.length === 0 || preview.examples.some((example) => example.label !== null);
}

export type ColumnRole = "text" | "label" | "other";

/** What a column is read as. */
export function roleOf(column: string, preview: Preview): ColumnRole {
  if (column === preview.options.text_field) return "text";
  if (column === preview.options.label_field) return "label";
  return "other";
}
