// The frame of the page: every view opens without an error, in light, dark and at the width of a phone; keys, focus, titles.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { closePage, exampleMessages, expectAccessible, expectNoSidewaysScroll, kLooks, kProject, makeWorkspace, openPage, startServer } from "./support.mjs";

const kViews = ["", "try", "data", "benchmark", "review", "history", "filter", "models", "operate", "no-such-view"];
let server;

before(async () => {
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages() }, models: { spam: "messages.tsv" } });
  server = await startServer({ workspace });
});

for (const look of kLooks) {
  test(`every view opens cleanly and is accessible: ${look.name}`, async () => {
    for (const view of kViews) {
      const page = await openPage(server, `/ui/${view}`, look);
      await page.locator(".loading-note").waitFor({ state: "detached" });
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await closePage(page);
    }
  });
}

test("navigation moves the focus to the heading and names the tab", async () => {
  const page = await openPage(server, "/ui/");
  await page.getByRole("navigation").getByRole("link", { name: "Models" }).click();
  await page.waitForURL("**/ui/models");
  await page.waitForFunction(() => document.activeElement?.matches("[data-page-heading]") && document.activeElement.textContent === "Models");
  assert.equal(await page.title(), "Models – Winnow");
  assert.equal(await page.locator("nav a[aria-current=page]").first().textContent(), "Models");
  await closePage(page);
});

test("keys lead to views, and not while one types", async () => {
  const page = await openPage(server, "/ui/models");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.type("gt");
  await page.waitForURL("**/ui/try");
  await page.locator("textarea").first().fill("");
  await page.locator("textarea").first().pressSequentially("gs?");
  assert.equal(new URL(page.url()).pathname, "/ui/try");
  await closePage(page);
});

test("the chosen colors stay after a reload", async () => {
  const page = await openPage(server, "/ui/models");
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByLabel("Colors").first().selectOption("dark");
  await page.waitForFunction((before) => getComputedStyle(document.documentElement).backgroundColor !== before, light);
  const dark = await background();
  await page.reload();
  await page.locator("[data-page-heading]").waitFor();
  assert.equal(await background(), dark);
  await closePage(page);
});

test("eight tabs share one stream of events", async () => {
  const first = await openPage(server, "/ui/models");
  const tabs = [first];
  for (let tab = 1; tab < 8; ++tab) tabs.push(await openPage(server, "/ui/models", { context: first.context() }));
  // With a stream for each tab the browser's six connections would be used up, and no request would be answered.
  for (const tab of tabs) {
    const began = Date.now();
    assert.equal(await tab.evaluate(async () => (await fetch("/models")).status), 200);
    assert.ok(Date.now() - began < 2_000);
  }
  for (const tab of tabs.reverse()) await closePage(tab);
});

test("the first paint takes less than a second, and all JavaScript without charts is under 300 KB gzipped", async () => {
  const page = await openPage(server, "/ui/models");
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  console.log(`first contentful paint after ${Math.round(paint)} ms`);
  assert.ok(paint < 1_000, `${paint} ms`);
  await closePage(page);
  const assets = join(process.env.WINNOW_WEB_DIR ?? join(kProject, "build/web/dist"), "assets");
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js") && !name.startsWith("charts-"));
  const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name)), { level: 9 }).length, 0);
  console.log(`${bytes} bytes of JavaScript`);
  assert.ok(bytes < 300_000, `${bytes} bytes`);
});

test("on a phone the views are behind a button", async () => {
  const page = await openPage(server, "/ui/models", { width: 360, height: 740, phone: true });
  await page.getByRole("button", { name: "Menu" }).click();
  const menu = page.getByRole("dialog", { name: "Menu" });
  await menu.waitFor();
  await expectAccessible(page);
  await menu.getByRole("button", { name: "Close the menu" }).click();
  await menu.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Menu" }).click();
  await menu.getByRole("link", { name: "Try" }).click();
  await page.waitForURL("**/ui/try");
  await menu.waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "Try", level: 1 }).waitFor();
  await closePage(page);
});
