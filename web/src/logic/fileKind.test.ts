import { describe, expect, it } from "vitest";
import { freeName, safeName, wrongKind } from "./fileKind";

const bytes = (...values: number[]) => Uint8Array.from(values);
const text = (value: string) => new TextEncoder().encode(value);

describe("wrongKind", () => {
  it("knows what can't be data", () => {
    expect(wrongKind(bytes(0x89, 0x50, 0x4e, 0x47, 13, 10), "a.csv")).toBe("image");
    expect(wrongKind(text("%PDF-1.7"), "a.pdf")).toBe("pdf");
    expect(wrongKind(bytes(0x50, 0x4b, 3, 4, 0, 0), "Mails.XLSX")).toBe("spreadsheet");
    expect(wrongKind(bytes(0x50, 0x4b, 3, 4, 0, 0), "mails.zip")).toBe("zip");
    expect(wrongKind(bytes(0xd0, 0xcf, 0x11, 0xe0), "mails.xls")).toBe("spreadsheet");
    expect(wrongKind(text("PAR1"), "a.parquet")).toBe("parquet");
    expect(wrongKind(bytes(65, 0, 0, 66), "a.csv")).toBe("binary");
    expect(wrongKind(bytes(), "a.csv")).toBe("empty");
  });
  it("lets data pass", () => {
    expect(wrongKind(text("text,label\nhello,ham\n"), "a.csv")).toBeNull();
    expect(wrongKind(text("مرحبا 🎉,ham\n"), "a.csv")).toBeNull();
    expect(wrongKind(bytes(0x1f, 0x8b, 8, 0), "a.csv.gz")).toBeNull();
    expect(wrongKind(bytes(0xff, 0xfe, 65, 0), "a.csv")).toBeNull();
    expect(wrongKind(bytes(65, 0, 66, 0, 67, 0), "a.csv")).toBeNull();
  });
});

describe("names", () => {
  it("are ones that the server takes", () => {
    expect(safeName("mails 2024.csv")).toBe("mails 2024.csv");
    expect(safeName("Größe/é.csv")).toBe("Größe-é.csv");
    expect(safeName("../../etc/passwd")).toBe("etc-passwd");
    expect(safeName(".hidden.csv")).toBe("hidden.csv");
    expect(safeName("رسائل 📧.csv")).toBe("رسائل -.csv");
    expect(safeName("...")).toBe("data.csv");
    expect(safeName("x".repeat(200) + ".csv")).toHaveLength(100);
    expect(safeName("x".repeat(200) + ".csv").endsWith(".csv")).toBe(true);
    const long = safeName("字".repeat(99) + ".csv");
    expect(new TextEncoder().encode(long).length).toBeLessThanOrEqual(100);
    expect(long.endsWith("字.csv")).toBe(true);
  });
  it("are not taken yet", () => {
    expect(freeName("a.csv", new Set())).toBe("a.csv");
    expect(freeName("a.csv.gz", new Set(["a.csv.gz", "a-2.csv.gz"]))).toBe("a-3.csv.gz");
  });
});
