// Operate: the state in words, charts with tables, quality, jobs with cancel and resume, and a line for each change.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { check, kMessages, startFilter, stored } from "./messages.mjs";
import { ask, closePage, eventually, exampleMessages, expectAccessible, expectNoSidewaysScroll, holdBack, kLooks, makeWorkspace, openPage, settled, startServer } from "./support.mjs";

let server;
before(async () => {
  server = await startFilter();
});

const actions = async () => (await ask(server, "GET", "/v1/audit?limit=1000")).json.entries.map((entry) => entry.action);

test("the state of the server is in words, and the routes are listed", async () => {
  const page = await openPage(server, "/ui/operate");
  await page.getByText("The server has been running for").waitFor();
  await page.getByText("No request failed.").waitFor();
  const row = page.getByRole("row", { name: /\/v1\/messages\/check/ });
  assert.ok(Number(await row.getByRole("cell").nth(1).textContent()) >= kMessages.length);
  await closePage(page);
});

test("what models decide is in words", async () => {
  const page = await openPage(server, "/ui/operate?tab=quality");
  await page.getByRole("heading", { name: "spam, version 1.0.0" }).waitFor();
  await page.getByText(/Of \d+ texts about \d+ (is|are) called (ham|spam)\./).waitFor();
  await page.getByText("Nobody has labelled a verdict yet").waitFor();
  await page.getByText("winnow feedback audit next --store").waitFor();
  await page.getByRole("heading", { name: "No report about the texts yet" }).waitFor();
  await closePage(page);
});

test("a report of drift is shown, the verdict first", async () => {
  const rate = (value) => ({ value, interval: [value - 0.01, value + 0.01] });
  await mkdir(join(server.workspace, "reports"), { recursive: true });
  await writeFile(
    join(server.workspace, "reports", "drift.json"),
    JSON.stringify({
      model: "spam",
      version: "1.0.0",
      timestamp: "2026-11-28T20:15:00Z",
      drift: true,
      errors_drift: false,
      verdict: "The texts have changed; the estimated error rates have not.",
      reference: { texts: 516 },
      current: { texts: 3000 },
      estimated: { current: { accuracy: rate(0.97), fpr: rate(0.02) } },
      measures: { domain_auc: { value: 0.977, limit: 0.6, drift: true }, label_distance: { value: 0.08, limit: 0.1, drift: false } },
      words: { current: [{ words: "crypto payout" }] },
    }),
  );
  const page = await openPage(server, "/ui/operate?tab=quality");
  await page.getByText("The texts have changed; the estimated error rates have not.").waitFor();
  await page.getByRole("button", { name: "Compare now" }).waitFor(); // it comes late, above what the pointer is moved to
  const share = page.getByRole("button", { name: "Of 100 real messages, about 2 are wrongly called spam." });
  await share.hover();
  await page.getByText("False-positive rate 2.0 %, 95 % interval 1.0 % to 3.0 %").first().waitFor();
  await page.mouse.move(0, 0); // a tooltip lies outside of the landmarks
  await page.getByRole("tooltip").waitFor({ state: "detached" });
  await page.getByText("crypto payout").waitFor();
  await expectAccessible(page);
  await closePage(page);
});

test("drift is measured by the page, which says why it can't be", async () => {
  const fresh = await startFilter();
  const page = await openPage(fresh, "/ui/operate?tab=quality");
  await page.getByRole("button", { name: "Compare now" }).click();
  await page.getByText("from 20 texts on").first().waitFor();
  await expectAccessible(page);
  // Messages with numbers, links and addresses are stored without them, and left out.
  const rows = (await exampleMessages()).trim().split("\n").slice(1);
  const plain = rows.map((row) => row.split("\t")[1]).filter((text) => /^[A-Za-z ,.!?']+$/.test(text)).slice(0, 40);
  for (const text of plain) await check(fresh, { text });
  await eventually(async () => (await ask(fresh, "GET", "/v1/history?limit=1000")).json.messages.length >= plain.length + kMessages.length);
  const release = await holdBack(page, "**/v1/jobs?kind=drift*");
  await page.getByRole("button", { name: "Compare now" }).click();
  const measured = async () => (await ask(fresh, "GET", "/v1/jobs?kind=drift&state=succeeded")).json.jobs.length === 1;
  await eventually(measured, () => "the drift was not measured");
  release(); // the first list with the job says that it has ended
  await page.getByText(/^Report of .* about spam 1\.0\.0\.$/).waitFor();
  await page.getByText(/ recent texts were compared with /).waitFor();
  await page.getByRole("cell", { name: "predicted labels" }).waitFor();
  await expectAccessible(page);
  await page.goto(`${fresh.url}/ui/operate?tab=jobs`);
  await page.getByRole("row", { name: /measure the drift of spam.*Done/ }).getByRole("link", { name: /^Log/ }).click();
  await page.getByRole("link", { name: "Show the report" }).click();
  await page.getByText(/^Report of /).waitFor();
  await closePage(page);
  await fresh.stop();
});

test("jobs are listed, cancelled after a question, and resumed", async () => {
  const options = { "base-model": "scratch", epochs: 1000 };
  const started = await ask(server, "POST", "/v1/jobs", { kind: "train", data: "messages.tsv", model: "slow", options });
  assert.equal(started.status < 300, true, JSON.stringify(started.json));
  const { id } = started.json;
  const state = async () => (await ask(server, "GET", `/v1/jobs/${id}`)).json.state;
  await eventually(async () => (await state()) === "running");
  const page = await openPage(server, "/ui/operate?tab=jobs");
  await page.getByRole("cell", { name: "Running", exact: true }).waitFor();
  await page.getByRole("row").getByRole("button", { name: /^Cancel/ }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Cancel the job" }).click();
  await page.getByRole("cell", { name: "Cancelled", exact: true }).waitFor();
  await page.getByRole("row").getByRole("button", { name: /^Resume/ }).click();
  await page.getByRole("cell", { name: /Running|Waiting/ }).waitFor();
  await page.getByRole("link", { name: /^Log/ }).click();
  await page.waitForURL(`**/ui/jobs/${id}`);
  await ask(server, "POST", `/v1/jobs/${id}/cancel`);
  await closePage(page);
});

test("every change has a line, with who made it", async () => {
  await ask(server, "PUT", "/v1/senders/%40casino.example", { list: "deny" });
  await ask(server, "PUT", "/v1/users/anna/preferences", { mode: "strict" });
  await ask(server, "PUT", "/v1/rules/YACHT", { rule: "[[rule]]\nname = \"YACHT\"\nscore = 1\npattern = 'yacht'\n" });
  await ask(server, "POST", "/v1/rules/undo");
  await ask(server, "PUT", "/v1/must-pass", { text: kMessages[0].text, isSpam: true });
  await ask(server, "POST", "/v1/feedback", { ids: [(await stored(server, "glasses")).id, (await stored(server, "Shall we meet")).id], label: "ham", feedback_type: "admin" });
  const expected = ["senders.set", "preferences.set", "rules.set", "rules.undo", "must_pass.set", "feedback.bulk"];
  await eventually(async () => {
    const found = new Set(await actions());
    return expected.every((action) => found.has(action));
  }, () => "a change has no line");
  const page = await openPage(server, "/ui/operate?tab=audit");
  for (const what of ["Sender listed", "Preferences set", "Rule saved", "Rule change undone", "Must-pass message added", "Messages labelled"]) {
    await page.getByRole("cell", { name: what, exact: true }).first().waitFor();
  }
  const sender = page.getByRole("row", { name: /@casino.example/ });
  await sender.getByText("this computer").waitFor();
  await sender.getByText("list: deny").waitFor();
  await page.getByLabel("Kind of change").selectOption("rules.set");
  await page.waitForURL(/action=rules.set/);
  await page.getByRole("cell", { name: "Sender listed" }).waitFor({ state: "detached" });
  await page.getByText("Details").click();
  await page.getByText('name = "YACHT"').waitFor();
  await closePage(page);
});

test("the list of changes is paged by the server", async () => {
  for (let i = 0; i < 55; ++i) await ask(server, "PUT", `/v1/senders/sender-${i}%40pages.example`, { list: "allow" });
  const page = await openPage(server, "/ui/operate?tab=audit&action=senders.set");
  await page.getByRole("cell", { name: "sender-54@pages.example" }).waitFor();
  await page.getByRole("button", { name: "Next page" }).click();
  await page.getByRole("cell", { name: "sender-1@pages.example", exact: true }).waitFor();
  const second = new URL(page.url());
  await page.getByRole("button", { name: "Back to the newest" }).click();
  await page.getByRole("cell", { name: "sender-54@pages.example" }).waitFor();
  await closePage(page);
  // Somebody else follows a link to the second page: there is no page before it in the history of that browser.
  const other = await openPage(server, second.pathname + second.search);
  await other.getByRole("cell", { name: "sender-1@pages.example", exact: true }).waitFor();
  await other.getByRole("button", { name: "Previous page" }).click();
  await other.getByRole("cell", { name: "sender-54@pages.example" }).waitFor();
  // What the browser knows is the page before, also after a reload.
  await other.getByRole("button", { name: "Next page" }).click();
  await other.getByRole("cell", { name: "sender-1@pages.example", exact: true }).waitFor();
  await other.reload();
  await other.getByRole("button", { name: "Previous page" }).click();
  await other.getByRole("cell", { name: "sender-54@pages.example" }).waitFor();
  await other.goForward();
  await other.getByRole("cell", { name: "sender-1@pages.example", exact: true }).waitFor();
  await closePage(other);
});

test("a server without a workspace and a store says what they are for", async () => {
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages() }, models: { spam: "messages.tsv" } });
  const plain = await startServer({ workspace: null, args: [join(workspace, "models", "spam")] });
  const page = await openPage(plain, "/ui/operate?tab=jobs");
  await page.getByRole("heading", { name: "Jobs need a workspace" }).waitFor();
  await page.getByRole("tab", { name: "Changes" }).click();
  await page.getByRole("heading", { name: "This server has no message filter" }).waitFor();
  await page.getByRole("tab", { name: "Overview" }).click();
  await page.getByText("The server has been running for").waitFor();
  await closePage(page);
});

test("charts come a minute after the start, with their values as a table", { timeout: 150_000 }, async () => {
  const page = await openPage(server, "/ui/operate");
  const points = async () => (await ask(server, "GET", "/v1/operation/history?minutes=60")).json.points.length;
  const end = Date.now() + 100_000;
  while ((await points()) === 0 && Date.now() < end) await new Promise((done) => setTimeout(done, 1_000));
  await check(server, kMessages[2]);
  await page.reload();
  await page.locator("[data-chart=ready]").first().waitFor();
  const chart = page.getByRole("figure").filter({ has: page.getByRole("heading", { name: "Requests per second" }) });
  await chart.locator("figcaption").getByText(/On average [\d.]+ per second/).waitFor();
  await chart.getByText("Show as a table").click();
  assert.ok((await chart.getByRole("row").count()) > 1);
  await expectAccessible(page);
  await closePage(page);
});

for (const look of kLooks) {
  test(`the operation is accessible: ${look.name}`, async () => {
    for (const query of ["", "?tab=quality", "?tab=jobs", "?tab=audit"]) {
      const page = await openPage(server, `/ui/operate${query}`, look);
      await settled(page);
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await closePage(page);
    }
  });
}
