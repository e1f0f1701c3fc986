// The page behind nginx, which publishes two servers of one host below paths of their own. Any other path has status 404,
// which fails a test.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ask, closePage, eventually, exampleMessages, makeWorkspace, newContext, openPage, settled, startServer, temporaryDirectory, winnow } from "./support.mjs";

const kNginx = ["nginx", "/usr/sbin/nginx"].find((path) => spawnSync(path, ["-v"]).status === 0);
const options = { skip: kNginx ? false : "nginx is missing" };
const keys = {};
let first;
let nginx = null;
let proxy;

after(() => new Promise((done) => (nginx?.exitCode === null ? nginx.once("exit", done).kill() : done())));

async function startWithKey(name) {
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages() }, models: { spam: "messages.tsv" } });
  const file = join(workspace, "..", "keys.txt");
  const added = await winnow("keys", "add", file, "--name", name, "--role", "admin");
  assert.equal(added.code, 0, added.stderr);
  keys[name] = added.stdout.trim().split(/\s+/).at(-1);
  return startServer({ workspace, args: ["--api-key-file", file, "--trusted-proxy", "loopback"] });
}

function freePort() {
  return new Promise((done) => {
    const listener = createServer().listen(0, "127.0.0.1", () => {
      const { port } = listener.address();
      listener.close(() => done(port));
    });
  });
}

/** As in docs/how-to/nginx.md. */
const published = (path, { url }) => `
    location ${path} {
      proxy_pass ${url}/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_cookie_path / ${path};
      proxy_buffering off;
    }`;

async function startNginx(...locations) {
  const directory = await temporaryDirectory();
  const port = await freePort();
  const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  await mkdir(join(directory, "tmp"));
  await writeFile(
    join(directory, "nginx.conf"),
    `pid nginx.pid; events {}
http {
  access_log off; ${kinds.map((kind) => `${kind}_temp_path tmp/${kind};`).join(" ")}
  server {
    listen 127.0.0.1:${port};
    location / { return 404; }${locations.join("")}
  }
}`,
  );
  nginx = spawn(kNginx, ["-p", directory, "-e", "nginx.log", "-c", "nginx.conf", "-g", "daemon off;"], { stdio: "inherit" });
  const url = `http://127.0.0.1:${port}`;
  const answers = async () => {
    assert.equal(nginx.exitCode, null, "nginx has ended");
    return fetch(url).catch(() => null);
  };
  await eventually(answers, () => "nginx doesn't listen");
  return { url };
}

before(async () => {
  if (!kNginx) return;
  first = await startWithKey("anna");
  proxy = await startNginx(published("/winnow/", first), published("/team/ui/", await startWithKey("bert")));
});

async function signIn(page, name) {
  await page.getByLabel("API key").fill(keys[name]);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText(`Signed in as ${name}`).waitFor();
}

/** A tab of a browser in which anna has signed in to the first server. */
async function openSignedIn(path, context) {
  const page = await openPage(proxy, `/winnow${path}`, { context, allow: [401] });
  page.on("request", (request) => {
    if (request.resourceType() === "eventsource") page.problems.push("the shared worker was not found: the tab opened a stream of its own");
  });
  await signIn(page, "anna");
  return page;
}

test("the address of the server leads to the page", options, async () => {
  const context = await newContext();
  for (const path of ["/winnow", "/winnow/", "/winnow/ui", "/winnow/ui/"]) {
    const page = await openPage(proxy, path, { context, allow: [401] });
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    assert.match(new URL(page.url()).pathname, /^\/winnow\/ui\/?$/);
    await closePage(page);
  }
  await context.close();
});

test("views open from the navigation, by their addresses and again", options, async () => {
  const context = await newContext();
  const page = await openSignedIn("/ui/data/messages.tsv", context);
  await page.getByRole("heading", { name: "messages.tsv" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "messages.tsv" }).waitFor();
  await page.getByRole("navigation").getByRole("link", { name: "Models" }).click();
  await page.locator("[data-model=spam]").waitFor();
  assert.equal(new URL(page.url()).pathname, "/winnow/ui/models");
  await page.goBack();
  await page.getByRole("heading", { name: "messages.tsv" }).waitFor();
  const styles = await page.evaluate(() => [...document.querySelectorAll("link[rel=stylesheet]")].map((link) => link.getAttribute("href").split("/").at(-1)));
  assert.equal(new Set(styles).size, styles.length, "a style that is added again changes the order of rules");
  for (const path of ["/ui/models/spam", "/ui/models/spam/", "/ui/review/", "/ui/operate", "/ui/history", "/ui/filter", "/ui/benchmark"]) {
    await page.goto(`${proxy.url}/winnow${path}`);
    await page.locator("[data-page-heading]").first().waitFor();
    await settled(page);
  }
  assert.equal(await page.evaluate(() => document.querySelector("a[href$='/docs']").pathname), "/winnow/docs");
  await closePage(page);
  await context.close();
});

test("a text gets its verdict", options, async () => {
  const context = await newContext();
  const page = await openSignedIn("/ui/try", context);
  await page.getByLabel("Text", { exact: true }).fill("You won a prize, claim it now at win-big.example");
  await page.locator("[data-model=spam] .verdict-large strong").waitFor();
  assert.equal(await page.locator("[data-model=spam] .verdict-large strong").textContent(), "spam");
  assert.equal(new URL(page.url()).pathname, "/winnow/ui/try");
  await closePage(page);
  await context.close();
});

test("two servers of a host have sessions and events of their own", options, async () => {
  const context = await newContext();
  const page = await openSignedIn("/ui/models", context);
  const other = await openPage(proxy, "/team/ui/ui/models", { context, allow: [401] });
  await signIn(other, "bert");
  assert.deepEqual((await context.cookies()).map(({ path }) => path).sort(), ["/team/ui/", "/winnow/"]);
  await page.locator("[data-model=spam]").waitFor();
  const job = { kind: "train", data: "messages.tsv", model: "late", options: { kind: "lr" } };
  assert.equal((await ask(first, "POST", "/v1/jobs", job, { "X-API-Key": keys.anna })).status, 200);
  await page.locator("[data-model=late]").waitFor();
  assert.equal(await other.locator("[data-model=late]").count(), 0);
  await other.getByRole("button", { name: "Sign out" }).click();
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.reload();
  await page.getByText("Signed in as anna").waitFor();
  await closePage(other);
  await closePage(page);
  await context.close();
});
