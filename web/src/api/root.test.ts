import { afterEach, describe, expect, it, vi } from "vitest";
import { rootOf } from "./root";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.doUnmock("./root");
  vi.resetModules();
});

describe("the root of the server's routes", () => {
  it("is that of the host where no proxy adds a path", () => {
    expect(rootOf("http://127.0.0.1:8080/ui/assets/index-CUkI_bxm.js")).toBe("");
    expect(rootOf("http://127.0.0.1:5173/ui/src/api/root.ts?t=1")).toBe("");
  });
  it("is the path that a proxy adds, as the browser writes it", () => {
    expect(rootOf("https://example.org/winnow/ui/assets/worker-DdA71wMV.js")).toBe("/winnow");
    expect(rootOf("https://example.org/team a/winnow/ui/assets/index-1.js")).toBe("/team%20a/winnow");
  });
  it("ends at the last /ui/ of the path", () => {
    expect(rootOf("https://example.org/ui/ui/assets/index-1.js")).toBe("/ui");
    expect(rootOf("https://example.org/ui/assets/ui/assets/index-1.js")).toBe("/ui/assets");
  });
  it("is that of the host for a script from elsewhere", () => {
    expect(rootOf("file:///home/anna/winnow/web/src/api/root.ts")).toBe("");
  });
  it("begins the address of each request", async () => {
    vi.resetModules();
    vi.doMock("./root", () => ({ root: "/winnow" }));
    const fetched: unknown[] = [];
    vi.stubGlobal("fetch", async (url: unknown) => {
      fetched.push(url);
      return new Response("{}");
    });
    const { get } = await import("./http");
    const { startBenchmark } = await import("./benchmarks");
    await get("/v1/jobs", { kind: "train" });
    await startBenchmark("a.tsv", false, {});
    expect(fetched).toEqual(["/winnow/v1/jobs?kind=train", "/winnow/api/benchmark/run?data=a.tsv&part=all&save=1"]);
  });
});
