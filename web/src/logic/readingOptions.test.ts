import { describe, expect, it } from "vitest";
import type { Preview } from "@/api/data";
import { applies, hasLabels, inEffect, jobOptions, optionsOfUrl, roleOf, urlWithOption } from "./readingOptions";

const preview = (options: Partial<Preview["options"]>): Preview => ({
  options: { format: "csv", encoding: "utf-8", ...options },
  columns: [],
  cells: [],
  examples: [],
  notes: [],
  problems: [],
  error: null,
});

describe("optionsOfUrl", () => {
  it("takes the options and nothing else", () => {
    expect(optionsOfUrl({ format: "csv", header: "false", "text-field": "body", page: "3", encoding: "" })).toEqual({
      format: "csv",
      header: false,
      "text-field": "body",
    });
  });
  it("leaves out what means nothing", () => {
    expect(optionsOfUrl({ header: "perhaps", format: ["csv", "tsv"], delimiter: null })).toEqual({});
  });
});

describe("urlWithOption", () => {
  it("forgets the columns when the table is divided differently", () => {
    const url = { delimiter: ",", "text-field": "a", "label-field": "b", contains: "x", page: "2" };
    expect(urlWithOption(url, "delimiter", ";")).toEqual({ delimiter: ";", contains: "x" });
    expect(urlWithOption(url, "encoding", "latin-1")).toEqual({
      delimiter: ",",
      "text-field": "a",
      "label-field": "b",
      contains: "x",
      encoding: "latin-1",
    });
  });
  it("lets the server guess again", () => {
    expect(urlWithOption({ "text-field": "a" }, "text-field", undefined)).toEqual({});
  });
});

describe("jobOptions", () => {
  it("are those of the command line", () => {
    expect(jobOptions({ header: false, delimiter: "tab", "label-field": "b" })).toEqual({
      "no-header": true,
      delimiter: "tab",
      "label-field": "b",
    });
    expect(jobOptions({ header: true })).toEqual({});
  });
});

describe("inEffect", () => {
  it("names the tab", () => {
    const effect = inEffect(preview({ delimiter: "\t", header: true, text_field: "text" }));
    expect(effect).toMatchObject({ delimiter: "tab", header: "true", "text-field": "text", "label-field": null });
  });
});

describe("hasLabels", () => {
  const rows = (...labels: (string | null)[]) => ({ ...preview({}), examples: labels.map((label) => ({ text: "a", label })) });
  const summary = (...labels: string[]) => ({
    texts: 1,
    labels: labels.map((label) => ({ label, count: 1 })),
    unlabelled: 0,
    empty: 0,
    duplicates: 0,
    length: { p50: 1, p95: 1, max: 1 },
    warnings: [],
  });
  it("goes by all rows once they are counted", () => {
    expect(hasLabels(rows(null, null), null)).toBe(false);
    expect(hasLabels(rows(null, "ham"), null)).toBe(true);
    expect(hasLabels(rows(null), summary("ham"))).toBe(true);
    expect(hasLabels(rows("ham"), summary())).toBe(false);
  });
});

describe("columns", () => {
  it("have roles", () => {
    const read = preview({ text_field: "body", label_field: "folder" });
    expect(["body", "folder", "id"].map((column) => roleOf(column, read))).toEqual(["text", "label", "other"]);
  });
  it("exist in tables and JSON alone", () => {
    expect(applies("delimiter", "jsonl")).toBe(false);
    expect(applies("delimiter", "tsv")).toBe(true);
    expect(applies("text-field", "jsonl")).toBe(true);
    expect(applies("text-field", "fasttext")).toBe(false);
    expect(applies("encoding", "lines")).toBe(true);
  });
});
