import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError, onUnauthorized, request, sessionBegan, withQuery } from "./http";

const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
  vi.stubGlobal("fetch", vi.fn(async () => new Response(status === 204 ? null : body, { status, headers })));

afterEach(() => vi.unstubAllGlobals());

describe("requests", () => {
  it("leave out parameters without a value", () => {
    expect(withQuery("/v1/jobs", { kind: "train", state: undefined, before: "", limit: 0 })).toBe("/v1/jobs?kind=train&limit=0");
    expect(withQuery("/v1/jobs", {})).toBe("/v1/jobs");
    expect(withQuery("/v1/data", { delimiter: "\t&" })).toBe("/v1/data?delimiter=%09%26");
  });
  it("return what the server says", async () => {
    answer(200, '{"a": 1}');
    expect(await request("GET", "/x")).toEqual({ a: 1 });
  });
  it("return null for an answer without a body", async () => {
    answer(204, "");
    expect(await request("DELETE", "/x")).toBeNull();
  });
  it("throw the server's message, type and further fields", async () => {
    answer(409, '{"error": "the upload stands at 5", "error_type": "Conflict", "offset": 5}');
    const error = await request("PUT", "/x").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 409, type: "Conflict", message: "the upload stands at 5", body: { offset: 5 }, retryAfter: null });
  });
  it("say how long to wait", async () => {
    answer(429, '{"error": "the queue is full", "error_type": "Overloaded"}', { "retry-after": "10" });
    expect(await request("GET", "/x").catch((thrown: unknown) => thrown)).toMatchObject({ retryAfter: 10 });
  });
  it("survive an error that is not JSON", async () => {
    answer(502, "<html>Bad gateway</html>");
    expect(await request("GET", "/x").catch((thrown: unknown) => thrown)).toMatchObject({ status: 502, message: "The server answered with status 502." });
  });
  it("say that a server can't be reached", async () => {
    vi.stubGlobal("fetch", vi.fn(async () => Promise.reject(new TypeError("Failed to fetch"))));
    expect(await request("GET", "/x").catch((thrown: unknown) => thrown)).toMatchObject({ status: 0, type: "Unreachable" });
  });
  it("pass on that they were aborted", async () => {
    vi.stubGlobal("fetch", vi.fn(async () => Promise.reject(new DOMException("aborted", "AbortError"))));
    await expect(request("GET", "/x")).rejects.toBeInstanceOf(DOMException);
  });
  it("tell listeners that a key is needed", async () => {
    answer(401, '{"error": "an API key is required", "error_type": "Unauthorized"}');
    const listener = vi.fn();
    const stop = onUnauthorized(listener);
    await request("GET", "/x").catch(() => null);
    stop();
    await request("GET", "/x").catch(() => null);
    expect(listener).toHaveBeenCalledTimes(1);
  });
  it("that are refused after a sign-in, but were sent before it, do not end the session", async () => {
    let refuse: (response: Response) => void = () => undefined;
    vi.stubGlobal("fetch", vi.fn(() => new Promise<Response>((resolve) => (refuse = resolve))));
    const listener = vi.fn();
    const stop = onUnauthorized(listener);
    const late = request("GET", "/x").catch((thrown: unknown) => thrown);
    sessionBegan();
    refuse(new Response("{}", { status: 401 }));
    expect(await late).toMatchObject({ status: 401 });
    expect(listener).not.toHaveBeenCalled();
    const next = request("GET", "/x").catch(() => null);
    refuse(new Response("{}", { status: 401 }));
    await next;
    stop();
    expect(listener).toHaveBeenCalledTimes(1);
  });
});
