// A real server with a workspace of its own, and pages in Chromium that fail a test on any error that the browser reports.
//
//   const server = await startServer();                 // closed after the test file
//   const page = await openPage(server, "/ui/", { dark: true, width: 360 });
//   ...
//   await expectAccessible(page);
//   await closePage(page);                               // throws on console errors, exceptions, violations of the policy
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const kHere = dirname(fileURLToPath(import.meta.url));
export const kProject = resolve(kHere, "../..");
export const kProgram = resolve(process.env.WINNOW ?? join(kProject, "build/release/winnow"));
/** Chromium without the window of a browser, where it is installed, takes half the CPU time of Chromium itself. */
const kChromium = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const kAxe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const kAddress = /listening at (https?:\/\/[^\s/]+)/;

const closers = [];
after(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Runs the program to its end; returns { code, stdout, stderr }. */
export function winnow(...args) {
  return new Promise((done, fail) => {
    const child = spawn(kProgram, args, { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => (stdout += data));
    child.stderr.on("data", (data) => (stderr += data));
    child.on("error", fail);
    child.on("close", (code) => done({ code, stdout, stderr }));
  });
}

/** A directory that goes after the test file. */
export async function temporaryDirectory() {
  const directory = await mkdtemp(join(tmpdir(), "winnow-browser-"));
  closers.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A workspace with the files of `data` (name: text) and linear models trained on them (models: {name: data}). */
export async function makeWorkspace({ data = {}, models = {} } = {}) {
  const workspace = join(await temporaryDirectory(), "workspace");
  for (const folder of ["data", "models", "jobs"]) await mkdir(join(workspace, folder), { recursive: true });
  for (const [name, text] of Object.entries(data)) await writeFile(join(workspace, "data", name), text);
  for (const [name, file] of Object.entries(models)) {
    const trained = await winnow("train", join(workspace, "data", file), "--kind", "lr", "--output-dir", join(workspace, "models", name));
    assert.equal(trained.code, 0, trained.stderr);
  }
  return workspace;
}

/** The made messages of examples/data: spam and ham. */
export const exampleMessages = () => readFile(join(kProject, "examples/data/messages.tsv"), "utf8");

function waitForAddress(child, output) {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`the server doesn't listen after 240 s:\n${output.text}`)), 240_000);
    const look = () => {
      const found = kAddress.exec(output.text);
      if (!found) return;
      clearTimeout(timer);
      done(found[1]);
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        output.text += data;
        look();
      });
    }
    child.on("exit", (code) => {
      clearTimeout(timer);
      fail(new Error(`the server ended with ${code}:\n${output.text}`));
    });
  });
}

/**
 * Starts the server. `workspace`: a directory, by default a new empty one; null: none. `args`: further arguments.
 * Returns { url, workspace, output(), stop(signal), restart() }; it is stopped after the test file.
 */
export async function startServer({ workspace, args = [], port = 0 } = {}) {
  const directory = workspace === undefined ? await makeWorkspace() : workspace;
  const output = { text: "" };
  const dist = process.env.WINNOW_WEB_DIR ?? join(kProject, "build/web/dist");
  const env = existsSync(dist) ? { ...process.env, WINNOW_WEB_DIR: dist } : process.env;
  const server = { workspace: directory, url: "", output: () => output.text };
  let child = null;

  async function start(atPort) {
    const where = directory === null ? [] : ["--workspace", directory];
    child = spawn(kProgram, ["serve", ...where, "--port", String(atPort), ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
    output.text = "";
    server.url = await waitForAddress(child, output);
  }
  server.stop = (signal = "SIGTERM") =>
    new Promise((done) => {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return done();
      child.once("exit", () => done());
      child.kill(signal);
    });
  /** Stops it and starts it again at the same address. */
  server.restart = async (signal = "SIGTERM") => {
    const { port: same } = new URL(server.url);
    await server.stop(signal);
    await start(same);
  };
  closers.push(() => server.stop());
  await start(port);
  return server;
}

/** Asks the server as a program would. Returns { status, json }. */
export async function ask(server, method, path, body, headers = {}) {
  const response = await fetch(server.url + path, {
    method,
    headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, json: text ? JSON.parse(text) : null };
}

/** How long a test waits for anything, in milliseconds: the machine may have other work to do. */
const kPatience = 60_000;

/** Waits until `found` gives something; at last it fails with `what()`. */
export async function eventually(found, what = () => `nothing came of ${found}`) {
  for (const end = Date.now() + kPatience; ; ) {
    const result = await found();
    if (result) return result;
    if (Date.now() > end) assert.fail(what());
    await new Promise((done) => setTimeout(done, 50));
  }
}

let browser = null;
async function theBrowser() {
  if (browser) return browser;
  browser = await chromium.launch({ executablePath: kChromium, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  closers.push(() => browser.close());
  return browser;
}

/** A browser profile: cookies and tabs of one person. */
export async function newContext({ dark = false, width = 1280, height = 800, phone = false } = {}) {
  const context = await (await theBrowser()).newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    hasTouch: phone,
    isMobile: phone,
  });
  context.setDefaultTimeout(kPatience);
  return context;
}

/**
 * Opens a page, in `context` or in a profile of its own. `allow`: statuses of the server that the test expects (the browser
 * reports each error of the server in its console), or "offline".
 */
export async function openPage(server, path, { context, allow = [], ...look } = {}) {
  const own = context ?? (await newContext(look));
  const page = await own.newPage();
  page.problems = [];
  page.allowed = new Set(allow.map(String));
  page.ownContext = context ? null : own;
  page.on("pageerror", (error) => page.problems.push(`exception: ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    const status = /the server responded with a status of (\d+)/.exec(message.text());
    if (status && page.allowed.has(status[1])) return;
    if (page.allowed.has("offline") && /ERR_(CONNECTION|INCOMPLETE|EMPTY|NETWORK)/.test(message.text())) return;
    page.problems.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`);
    });
  });
  await slowDown(page);
  await page.goto(server.url + path);
  await page.locator("[data-page-heading]").first().waitFor();
  return page;
}

/** WINNOW_TEST_SLOW=N: a CPU that is N times slower, and answers that arrive late by random times, which shows the races of a test. */
async function slowDown(page) {
  const times = Number(process.env.WINNOW_TEST_SLOW ?? 1);
  if (times <= 1) return;
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: times });
  await page.route("**/v1/**", async (route) => {
    await new Promise((done) => setTimeout(done, Math.random() * 100 * times));
    await route.fallback().catch(() => null); // the page may be closed
  });
}

/** Holds requests for `url` back until the function is called that this returns. */
export async function holdBack(page, url) {
  let release;
  const released = new Promise((done) => (release = done));
  await page.route(url, async (route) => {
    await released;
    await route.fallback().catch(() => null); // the page may no longer wait for it
  });
  return release;
}

/** Waits until the view has what it fetches. ("networkidle" never comes: a stream of events stays open.) */
export async function settled(page) {
  await page.waitForFunction(() => document.querySelector(".loading-note, [aria-busy=true]") === null);
}

/** Fails on what the browser has reported since the page was opened, and closes it. */
export async function closePage(page) {
  const problems = page.problems.splice(0);
  await page.close();
  await page.ownContext?.close();
  assert.deepEqual(problems, []);
}

/** Fails on what axe-core finds (WCAG 2.2 AA and good practice). */
export async function expectAccessible(page, { exclude = [] } = {}) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(kAxe);
  const found = await page.evaluate(
    async (left) => {
      const results = await globalThis.axe.run({ exclude: left }, { resultTypes: ["violations"] });
      return results.violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`) }));
    },
    exclude.map((selector) => [selector]),
  );
  assert.deepEqual(found, []);
}

/** Fails if the page is wider than the window. */
export async function expectNoSidewaysScroll(page) {
  // The window of a phone grows with what overflows; its width as laid out stays.
  const [wide, inner] = await page.evaluate(() => [document.scrollingElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= inner, `the page is ${wide} px wide in a window of ${inner} px`);
}

/** Looks of a view: every test file checks its views in all of them. */
export const kLooks = [
  { name: "light", dark: false, width: 1280, height: 800 },
  { name: "dark", dark: true, width: 1280, height: 800 },
  { name: "phone", dark: false, width: 360, height: 740 },
];
