// What a file is, by its first bytes, so that a wrong one is answered before it is sent.

export type WrongKind = "empty" | "image" | "pdf" | "spreadsheet" | "zip" | "parquet" | "program" | "binary";

function begins(bytes: Uint8Array, ...start: number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}

function zipKind(bytes: Uint8Array, name: string): WrongKind {
  // The first entry of an Office file is named in its first bytes.
  const text = String.fromCharCode(...bytes.slice(30, 200));
  return /\.(xlsx|xlsm|ods)$/i.test(name) || text.includes("xl/") || text.includes("[Content_Types].xml") ? "spreadsheet" : "zip";
}

/** What kind of file that can't be data it is; null if it may be data. `bytes`: the first kilobyte or so. */
export function wrongKind(bytes: Uint8Array, name: string): WrongKind | null {
  if (bytes.length === 0) return "empty";
  if (begins(bytes, 0x89, 0x50, 0x4e, 0x47) || begins(bytes, 0xff, 0xd8, 0xff) || begins(bytes, 0x47, 0x49, 0x46, 0x38))
    return "image";
  if (begins(bytes, 0x25, 0x50, 0x44, 0x46)) return "pdf";
  if (begins(bytes, 0x50, 0x4b, 0x03, 0x04)) return zipKind(bytes, name);
  if (begins(bytes, 0xd0, 0xcf, 0x11, 0xe0)) return "spreadsheet";
  if (begins(bytes, 0x50, 0x41, 0x52, 0x31)) return "parquet";
  if (begins(bytes, 0x7f, 0x45, 0x4c, 0x46) || begins(bytes, 0x4d, 0x5a, 0x90, 0x00)) return "program";
  // gzip and UTF-16 are read.
  if (begins(bytes, 0x1f, 0x8b) || begins(bytes, 0xff, 0xfe) || begins(bytes, 0xfe, 0xff)) return null;
  // UTF-16 without a mark has a zero in every second byte; a file of zeros elsewhere is no text.
  const zeros = [0, 0];
  bytes.forEach((byte, i) => {
    if (byte === 0) zeros[i % 2]!++;
  });
  const half = bytes.length / 2;
  const isUtf16 = Math.min(zeros[0]!, zeros[1]!) === 0 && Math.max(zeros[0]!, zeros[1]!) > 0.4 * half;
  return zeros[0]! + zeros[1]! > 0 && !isUtf16 ? "binary" : null;
}

const kMostBytes = 100;
const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** A name that the server takes: letters and digits, spaces and ._-, at most 100 bytes, without a dot at the start. */
export function safeName(name: string): string {
  const plain = name
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N} ._-]+/gu, "-")
    .replace(/^[.\s-]+/, "")
    .trim();
  if (plain === "" || /^(csv|tsv|jsonl?|txt|gz)$/i.test(plain)) return `data.${plain === "" ? "csv" : plain}`;
  if (bytesOf(plain) <= kMostBytes) return plain;
  const dot = plain.lastIndexOf(".");
  const ending = dot > 0 && plain.length - dot <= 10 ? plain.slice(dot) : "";
  const letters = [...plain.slice(0, plain.length - ending.length)];
  while (letters.length > 1 && bytesOf(letters.join("") + ending) > kMostBytes) letters.pop();
  return letters.join("").trim() + ending;
}

/** "mails.csv" -> "mails-2.csv", "mails-3.csv" ..., the first that is not taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  const dot = name.indexOf(".", 1);
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  for (let number = 2; ; number++) {
    const next = `${stem}-${number}${ending}`;
    if (!taken.has(next)) return next;
  }
}
