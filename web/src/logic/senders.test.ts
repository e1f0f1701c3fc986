import { describe, expect, it } from "vitest";
import { domainOf, isSharedDomain } from "./senders";

describe("domains", () => {
  it("are those of addresses of mail alone", () => {
    expect(domainOf("joe@Example.com")).toBe("@example.com");
    expect(domainOf('"a@b"@example.com')).toBe("@example.com");
    expect(domainOf("+447700900123")).toBeUndefined();
    expect(domainOf("@example.com")).toBeUndefined();
    expect(domainOf("joe@localhost")).toBeUndefined();
  });

  it("may be shared by very many people", () => {
    expect(isSharedDomain("@gmail.com")).toBe(true);
    expect(isSharedDomain("@example.com")).toBe(false);
  });
});
