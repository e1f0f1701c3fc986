import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useUploads } from "./uploads";

const { add, dismiss, uploads } = useUploads();
const put: string[] = [];
const files = new Set<string>();

/** A server that keeps names. The list of files is `listed`, if that is given. */
function server(listed?: () => string[]): void {
  vi.stubGlobal(
    "fetch",
    vi.fn(async (address: string, init: RequestInit) => {
      if (init.method === "GET") return Response.json({ files: (listed?.() ?? [...files]).map((name) => ({ name })) });
      const name = decodeURIComponent(/\/v1\/data\/([^?]+)/.exec(address)?.[1] ?? "");
      put.push(name);
      if (files.has(name)) return Response.json({ error: `there is a data file '${name}' already`, error_type: "Conflict" }, { status: 409 });
      files.add(name);
      return Response.json({ name, bytes: 3 });
    }),
  );
}

beforeEach(() => {
  vi.stubGlobal("addEventListener", () => undefined);
  put.length = 0;
  files.clear();
});
afterEach(() => {
  vi.unstubAllGlobals();
  for (const { id } of [...uploads]) dismiss(id);
});

const csv = () => new File(["a,b"], "mails.csv");

describe("uploads of one name", () => {
  it("have names of their own", async () => {
    server();
    const ended = await Promise.all([add(csv()), add(csv())]);
    expect(ended.map((upload) => upload.state)).toEqual(["done", "done"]);
    expect([...files].sort()).toEqual(["mails-2.csv", "mails.csv"]);
  });
  it("take another name if a file has come since the list was made", async () => {
    let lists = 0;
    server(() => (++lists === 1 ? [] : [...files]));
    files.add("mails.csv");
    const upload = await add(csv());
    expect(upload).toMatchObject({ state: "done", name: "mails-2.csv" });
    expect(upload.message).toContain("mails-2.csv");
    expect(put).toEqual(["mails.csv", "mails-2.csv"]);
  });
  it("fail if the list never has the file", async () => {
    server(() => []);
    files.add("mails.csv");
    expect(await add(csv())).toMatchObject({ state: "failed", message: "there is a data file 'mails.csv' already" });
    expect(put).toHaveLength(4);
  });
});
