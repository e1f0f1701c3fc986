// The Benchmark view: from an upload to a trained and measured model; cancel, reload, restart, failures; long logs and histories.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { ask, closePage, eventually, exampleMessages, expectAccessible, expectNoSidewaysScroll, kLooks, makeWorkspace, newContext, openPage, settled, startServer } from "./support.mjs";

// A training that takes minutes, unless somebody ends it.
const kLong = { "base-model": "scratch", epochs: 1000, "batch-size": 8, seed: 7 };
const kLines = 100_000;
const kRuns = 10_000;
const kLongLog = "00000000000000aa";

const state = (page, is) => page.locator(`[data-training] [data-job][data-state=${is}]`).waitFor();

/** A job that has ended, with a log of 100,000 lines. */
async function writeLongLog(workspace) {
  const directory = join(workspace, "jobs", kLongLog);
  await mkdir(directory, { recursive: true });
  const job = { id: kLongLog, kind: "train", title: "train long on messages.tsv", arguments: ["train"], owner: "", resume_arguments: ["--resume"] };
  const times = { state: "failed", created: 1, started: 2, ended: 3, error: "it was made for a test", runs: 1, process: 0, process_start: 0, exit_code: 1 };
  await writeFile(join(directory, "job.json"), JSON.stringify({ ...job, ...times }));
  const lines = Array.from({ length: kLines }, (_, i) =>
    JSON.stringify({ id: i + 1, type: "log", level: i % 1000 === 999 ? "warning" : "info", message: `line ${i + 1} of a long log: step ${i}, loss ${(1 / (i + 1)).toFixed(6)}` }),
  );
  await writeFile(join(directory, "events.jsonl"), `${lines.join("\n")}\n`);
}

async function writeHistory(workspace) {
  const directory = join(workspace, "benchmarks");
  await mkdir(directory, { recursive: true });
  const runs = Array.from({ length: kRuns }, (_, i) => {
    const models = ["spam", "words", "other"].map((name, m) => ({ name, f1_macro: 0.9 - m / 100, accuracy: 0.91, ms_per_text: 0.5 + m, per_class: { ham: 0.92, spam: 0.88 } }));
    return JSON.stringify({ id: i.toString(16).padStart(16, "0"), time: new Date(1_700_000_000_000 + i * 60_000).toISOString(), data: "messages.tsv", models });
  });
  await writeFile(join(directory, "index.jsonl"), `${runs.join("\n")}\n`);
}

let server;
before(async () => {
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages(), "one.csv": "text,label\nhello,ham\n" }, models: { spam: "messages.tsv" } });
  await writeLongLog(workspace);
  server = await startServer({ workspace });
});

/** Starts a training that goes on for minutes, and waits until it has begun. */
async function longTraining(model, at = server) {
  const { status, json } = await ask(at, "POST", "/v1/jobs", { kind: "train", data: "messages.tsv", model, options: kLong });
  assert.equal(status, 200, JSON.stringify(json));
  const events = async () => (await ask(at, "GET", `/v1/jobs/${json.id}/log?limit=200`)).json.events;
  await eventually(async () => (await events()).some((event) => event.type === "progress" && event.work === "train"), () => "the training doesn't begin");
  return json.id;
}

/** Waits until the log has a line with these words: it may have scrolled out of sight. */
async function logHas(page, words) {
  const search = page.getByLabel("Search the log");
  await search.fill(words);
  await page.getByText(/^1 of \d+$/).waitFor();
  await search.fill("");
}

const cancel = (job, at = server) => ask(at, "POST", `/v1/jobs/${job}/cancel`, {});

test("from an uploaded file to a trained model and its benchmark, without a terminal", async () => {
  const fresh = await startServer();
  const page = await openPage(fresh, "/ui/benchmark");
  await page.getByRole("link", { name: "Add data" }).click();
  await page.locator("[data-file-input]").setInputFiles({ name: "mine.tsv", mimeType: "text/tab-separated-values", buffer: Buffer.from(await exampleMessages()) });
  await page.getByRole("heading", { level: 1, name: "mine.tsv" }).waitFor();
  await page.getByRole("link", { name: "Train a model of this file" }).click();
  await page.getByText("600 texts, 2 labels").waitFor();
  await page.getByLabel("Start from").selectOption("lr");
  assert.equal(await page.getByLabel("Name of the new model").inputValue(), "mine-lr");
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await state(page, "succeeded");
  await page.getByText("mine-lr is ready.").waitFor();
  await page.locator("[data-run]").getByText(/mine-lr: of 100 texts about \d+ get the right label\./).waitFor();
  await page.getByRole("list", { name: "Fine-tuned models" }).getByText("mine-lr").waitFor();
  await page.locator("[data-history]").getByText("mine-lr").waitFor();
  assert.equal((await ask(fresh, "GET", "/v1/jobs?kind=compare")).json.jobs.length, 1, "it was measured once");
  // The list of jobs and the view that decides whether to measure ask for the same.
  let answers = 0;
  page.on("response", (response) => (answers += Number(response.url().includes("/v1/jobs?kind=compare"))));
  await page.reload();
  await page.locator("[data-run]").waitFor();
  await eventually(() => answers >= 2);
  await settled(page);
  assert.equal((await ask(fresh, "GET", "/v1/jobs?kind=compare")).json.jobs.length, 1, "a reload measures nothing again");
  const best = page.locator("[data-run] .metric-tip");
  await best.focus();
  await page.getByText(/95 % confidence interval/).first().waitFor();
  await closePage(page);
  await fresh.stop();
});

test("a file whose columns were chosen is trained on and measured with them", async () => {
  const rows = (await exampleMessages()).trim().split("\n").slice(1).map((row) => row.split("\t"));
  const odd = ["text;kind;message", ...rows.map(([label, text], i) => `row ${i};${label};"${text.replaceAll('"', '""')}"`)].join("\n");
  const fresh = await startServer({ workspace: await makeWorkspace({ data: { "odd.csv": odd } }) });
  const page = await openPage(fresh, "/ui/data/odd.csv");
  await page.getByLabel("Text", { exact: true }).selectOption("message");
  await page.waitForURL(/text-field=message/);
  await page.getByLabel("Label", { exact: true }).selectOption("kind");
  await page.getByRole("link", { name: "Train a model of this file" }).click();
  await page.getByText("2 labels").waitFor();
  await page.getByLabel("Start from").selectOption("lr");
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await state(page, "succeeded");
  await page.locator("[data-run]").getByText(/odd-lr: of 100 texts about 9\d get the right label\./).waitFor();
  assert.deepEqual((await ask(fresh, "GET", "/v1/jobs?kind=compare")).json.jobs.map((job) => job.state), ["succeeded"]);
  // And once more, by hand.
  await page.getByRole("button", { name: "Run the benchmark" }).click();
  await eventually(async () => (await ask(fresh, "GET", "/v1/jobs?kind=compare&state=succeeded")).json.jobs.length === 2);
  await closePage(page);
  await fresh.stop();
});

test("a transformer is trained with its log and curves, and a reload in the middle goes on", async () => {
  const job = await longTraining("curves");
  const page = await openPage(server, `/ui/benchmark?job=${job}`);
  await state(page, "running");
  await page.locator("[data-training] [data-chart=ready]").first().waitFor();
  await page.locator("[data-training]").getByText(/tokens\/s/).waitFor();
  await logHas(page, "420 train");
  const table = page.locator("[data-training] .value-table").first();
  await table.locator("summary").click();
  const lastStep = table.locator("tbody tr:last-child td:first-child");
  const step = await lastStep.textContent();
  await eventually(async () => (await lastStep.textContent()) !== step, () => `the table stays at step ${step}`);
  await page.reload();
  await state(page, "running");
  await page.locator("[data-training]").getByText(/tokens\/s/).waitFor();
  await logHas(page, "420 train");
  await expectAccessible(page);
  await page.locator("[data-training]").getByRole("button", { name: "Cancel" }).click();
  await state(page, "cancelled");
  await page.getByText("It can go on from its last checkpoint.").waitFor();
  await page.locator("[data-training]").getByRole("button", { name: "Resume" }).click();
  await state(page, "running");
  await cancel(job);
  await state(page, "cancelled");
  await closePage(page);
});

test("a training that a killed server has cut off is shown as interrupted and can go on", async () => {
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages() } });
  const other = await startServer({ workspace });
  const job = await longTraining("cut", other);
  const page = await openPage(other, `/ui/benchmark?job=${job}`, { allow: ["offline"] });
  await state(page, "running");
  await other.restart("SIGKILL");
  await state(page, "interrupted");
  await page.getByText("The server was stopped while this job ran. The training can go on from its last checkpoint.").waitFor();
  await page.locator("[data-training]").getByRole("button", { name: "Resume" }).click();
  await state(page, "running");
  await cancel(job, other);
  await state(page, "cancelled");
  await closePage(page);
  await other.stop();
});

test("a failed training says why, and what can't be trained is said before", async () => {
  const { json } = await ask(server, "POST", "/v1/jobs", { kind: "train", data: "one.csv", model: "few", options: { kind: "lr" } });
  const page = await openPage(server, `/ui/benchmark?job=${json.id}`);
  await state(page, "failed");
  const why = page.locator("[data-training] .note-bad", { hasText: /The job failed\.\s*\S/ });
  await why.getByText("check the column of the label").waitFor();
  assert.doesNotMatch(await why.innerText(), /--|option/, "words of the command line");
  await page.getByRole("button", { name: "Another training" }).click();
  await page.getByLabel("Data", { exact: true }).selectOption("one.csv");
  await page.getByText("A training needs at least two labels.").waitFor();
  assert.ok(await page.getByRole("button", { name: "Train", exact: true }).isDisabled());
  await expectAccessible(page);
  await closePage(page);
});

test("a file that arrives while somebody fills the form changes nothing there", async () => {
  const page = await openPage(server, "/ui/benchmark?tune=open");
  const file = page.getByLabel("Data", { exact: true });
  const name = page.getByLabel("Name of the new model");
  await name.fill("mine");
  const chosen = await file.inputValue();
  await page.request.put(`${server.url}/v1/data/later.csv?offset=0&final=true`, { data: "text,label\na b,x\nc d,y\n", headers: { "Content-Type": "application/octet-stream" } });
  await file.getByRole("option", { name: "later.csv" }).waitFor({ state: "attached" });
  assert.equal(await file.inputValue(), chosen);
  assert.equal(await name.inputValue(), "mine");
  await closePage(page);
  await ask(server, "DELETE", "/v1/data/later.csv"); // the newest file is what other tests measure on
});

test("the form of a training stays open when the first benchmark is done", async () => {
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages() }, models: { spam: "messages.tsv" } });
  const fresh = await startServer({ workspace });
  const page = await openPage(fresh, "/ui/benchmark");
  await page.getByLabel("Name of the new model").fill("mine");
  await page.getByRole("button", { name: "Run the benchmark" }).click();
  await page.locator("[data-run]").waitFor();
  assert.equal(await page.getByLabel("Name of the new model").inputValue(), "mine");
  await closePage(page);
  await fresh.stop();
});

test("with eight tabs open, Cancel answers at once", async (context) => {
  const job = await longTraining("tabs");
  const person = await newContext();
  const tabs = [];
  for (let i = 0; i < 8; ++i) tabs.push(await openPage(server, `/ui/benchmark?job=${job}`, { context: person }));
  for (const tab of tabs) await state(tab, "running");
  const last = tabs[7];
  const answered = last.waitForResponse((response) => response.url().endsWith(`/v1/jobs/${job}/cancel`));
  const began = performance.now();
  await last.locator("[data-training]").getByRole("button", { name: "Cancel" }).click();
  assert.equal((await answered).status(), 200);
  const took = performance.now() - began;
  // What the browser itself measures: waiting for a connection included, the test's own steps before the click left out.
  const duration = (path) => performance.getEntriesByType("resource").find((entry) => entry.name.endsWith(path))?.duration ?? -1;
  let request;
  const measured = async () => (request = await last.evaluate(duration, `/v1/jobs/${job}/cancel`)) >= 0; // when the whole answer is there
  await eventually(measured, () => "the browser has no entry of the request");
  context.diagnostic(`Cancel with 8 tabs open: ${request.toFixed(0)} ms for the request, ${took.toFixed(0)} ms from the test's click`);
  for (const tab of tabs) await state(tab, "cancelled");
  for (const tab of tabs) await closePage(tab);
  await person.close();
});

test("a log of 100,000 lines stays smooth", async (context) => {
  const page = await openPage(server, `/ui/benchmark?job=${kLongLog}`);
  await page.getByText("100,000 lines").waitFor();
  await page.locator(".log-line", { hasText: "line 100000 of" }).waitFor();
  const frames = await page.evaluate(async () => {
    const lines = document.querySelector(".log-lines");
    lines.scrollIntoView({ block: "center" });
    const times = [];
    let last = performance.now();
    for (let i = 0; i < 120; ++i) {
      lines.scrollTop = (lines.scrollHeight * ((i * 37) % 120)) / 120;
      await new Promise((done) => requestAnimationFrame(done));
      times.push(performance.now() - last);
      last = performance.now();
    }
    return times.sort((a, b) => a - b);
  });
  const drawn = await page.locator(".log-line").count();
  context.diagnostic(`jumps through 100,000 lines: median frame ${frames[60].toFixed(1)} ms, 95th percentile ${frames[114].toFixed(1)} ms; ${drawn} lines in the document`);
  assert.ok(drawn > 5 && drawn < 200, `${drawn} lines`);
  await page.getByLabel("Search the log").fill("LINE 54321 ");
  await page.getByText("1 of 1", { exact: true }).waitFor();
  await page.locator(".log-line.current", { hasText: "line 54321 of" }).waitFor();
  await page.getByRole("button", { name: "Go to the end" }).click();
  await page.locator(".log-line", { hasText: "line 100000 of" }).waitFor();
  await expectNoSidewaysScroll(page);
  await closePage(page);
});

test("a history of 10,000 runs opens quickly, in pages", async (context) => {
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages() }, models: { spam: "messages.tsv" } });
  await writeHistory(workspace);
  const other = await startServer({ workspace });
  const page = await openPage(other, "/ui/benchmark", { allow: [404, 503] }); // of the made runs there is no whole comparison
  await page.locator("[data-history] tbody tr").first().waitFor();
  const took = await page.evaluate(async () => {
    const began = performance.now();
    await (await fetch("/v1/benchmarks?limit=12")).json();
    return performance.now() - began;
  });
  await page.getByRole("link", { name: "Data", exact: true }).first().click();
  await page.getByRole("heading", { level: 1, name: "Data" }).waitFor();
  const shown = await page.evaluate(async () => {
    const link = [...document.querySelectorAll("nav a")].find((each) => each.textContent.trim() === "Benchmark");
    const began = performance.now();
    link.click();
    while (!document.querySelector("[data-history] tbody tr time")) await new Promise((done) => requestAnimationFrame(done));
    return performance.now() - began;
  });
  context.diagnostic(`history of 10,000 runs: answer ${took.toFixed(0)} ms, view with it ${shown.toFixed(0)} ms`);
  await page.getByRole("button", { name: "Show older runs" }).click();
  await page.waitForFunction(() => document.querySelectorAll("[data-history] tbody tr").length === 62);
  await page.locator("[data-history] tbody .link-button").nth(30).click();
  await page.getByRole("button", { name: "Show the latest" }).click();
  await page.getByRole("heading", { name: "Latest benchmark" }).waitFor();
  const first = await page.locator("[data-history] tbody tr").first().innerText();
  await page.locator("[data-history] tbody tr").first().getByRole("button", { name: /^Delete/ }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await page.waitForFunction((text) => document.querySelector("[data-history] tbody tr")?.innerText !== text, first);
  await closePage(page);
  await other.stop();
});

for (const look of kLooks) {
  test(`the view of benchmarks is accessible: ${look.name}`, async () => {
    const { json } = await ask(server, "GET", "/v1/jobs?kind=compare&state=succeeded");
    if (json.jobs.length === 0) {
      const page = await openPage(server, "/ui/benchmark", look);
      await page.getByRole("button", { name: "Run the benchmark" }).click();
      await page.locator("[data-run] [data-chart=ready]").first().waitFor();
      await closePage(page);
    }
    for (const view of ["/ui/benchmark", "/ui/benchmark?tune=open", `/ui/benchmark?job=${kLongLog}`]) {
      const page = await openPage(server, view, look);
      await page.locator("[data-run] [data-chart=ready]").first().waitFor();
      await settled(page);
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await closePage(page);
    }
  });
}
