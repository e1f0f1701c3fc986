// The frame of the page: every view opens without an error, in light, dark and at the width of a phone; keys, focus, titles.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { closePage, exampleMessages, expectAccessible, expectNoSidewaysScroll, kLooks, kProject, makeWorkspace, openPage, settled, startServer } from "./support.mjs";

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
      await settled(page);
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

test("keys of one letter can be turned off, also after a reload", async () => {
  const page = await openPage(server, "/ui/models");
  await page.keyboard.press("?");
  await page.getByLabel("Keys of one letter").click();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.reload();
  await page.getByRole("heading", { name: "Models", level: 1 }).waitFor();
  await page.keyboard.type("gt?");
  assert.equal(new URL(page.url()).pathname, "/ui/models");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.getByRole("button", { name: "Keys" }).click();
  await page.getByLabel("Keys of one letter").click();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.type("gt");
  await page.waitForURL("**/ui/try");
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
    assert.equal(await tab.evaluate(async () => (await fetch("/models", { signal: AbortSignal.timeout(15_000) })).status), 200);
  }
  for (const tab of tabs.reverse()) await closePage(tab);
});

test("all JavaScript without charts is under 300 KB gzipped", async (context) => {
  const page = await openPage(server, "/ui/models");
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  context.diagnostic(`first contentful paint after ${Math.round(paint)} ms`);
  await closePage(page);
  const assets = join(process.env.WINNOW_WEB_DIR ?? join(kProject, "build/web/dist"), "assets");
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js") && !name.startsWith("charts-"));
  const bytes = scripts.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name)), { level: 9 }).length, 0);
  console.log(`${bytes} bytes of JavaScript`);
  assert.ok(bytes < 300_000, `${bytes} bytes`);
});

test("a view whose script the server no longer has is loaded with the whole page", async () => {
  const page = await openPage(server, "/ui/models", { allow: [404] });
  let asked = 0;
  await page.route(/assets\/DataView-.*\.js/, (route) => (asked++ === 0 ? route.fulfill({ status: 404, body: "" }) : route.continue()));
  await page.getByRole("navigation").getByRole("link", { name: "Data" }).click();
  await page.getByRole("heading", { name: "Data", level: 1 }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/ui/data");
  assert.equal(asked, 2);
  await closePage(page);
});

test("a view whose script comes late is reached, though the view before goes on", async () => {
  const page = await openPage(server, "/ui/try");
  let release;
  const released = new Promise((done) => (release = done));
  const asked = page.waitForRequest(/assets\/BenchmarkView-.*\.js/);
  await page.route(/assets\/BenchmarkView-.*\.js/, async (route) => {
    await released;
    await route.continue();
  });
  await page.getByLabel("Text", { exact: true }).fill("a private text");
  await page.getByRole("navigation").getByRole("link", { name: "Benchmark" }).click();
  await asked;
  await page.waitForTimeout(500); // longer than the pause after which a typed text goes into the address
  release();
  await page.getByRole("heading", { name: "Benchmark", level: 1 }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/ui/benchmark");
  assert.equal(new URL(page.url()).hash, "");
  await closePage(page);
});

test("a view that can't be loaded while the server is away is said so", async () => {
  const page = await openPage(server, "/ui/models", { allow: ["offline"] });
  await page.getByRole("heading", { name: "Models", level: 1 }).waitFor();
  await server.stop();
  await page.getByRole("navigation").getByRole("link", { name: "Operate" }).click();
  await page.locator(".toast-bad").getByText("The server can't be reached.").waitFor();
  await server.restart();
  await page.getByRole("navigation").getByRole("link", { name: "Operate" }).click();
  await page.getByRole("heading", { name: "Operate", level: 1 }).waitFor();
  await closePage(page);
});

test("the bar at the top of a small screen covers nothing that gets the focus", async () => {
  const page = await openPage(server, "/ui/filter", { width: 360, height: 640 });
  await page.locator(".data-table").waitFor();
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.locator("main summary").last().focus();
  for (let stop = 0; stop < 25; ++stop) {
    await page.keyboard.press("Shift+Tab");
    const covered = await page.evaluate(() => document.activeElement.getBoundingClientRect().bottom <= document.querySelector(".top").getBoundingClientRect().bottom);
    assert.equal(covered, false, await page.evaluate(() => document.activeElement.outerHTML.slice(0, 120)));
  }
  await closePage(page);
});

test("in the system's high contrast, what is chosen looks different", async () => {
  const page = await openPage(server, "/ui/try");
  await page.emulateMedia({ forcedColors: "active" });
  await page.getByRole("radio", { name: "One text" }).or(page.getByRole("button", { name: "One text" })).waitFor();
  const backgroundOf = (selector) => page.locator(selector).first().evaluate((element) => getComputedStyle(element).backgroundColor);
  assert.notEqual(await backgroundOf(".segment[data-state=on]"), await backgroundOf(".segment[data-state=off]"));
  assert.notEqual(await backgroundOf(".nav-link.active"), await backgroundOf(".nav-link:not(.active)"));
  await closePage(page);
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
