// The Data view: uploads, wrong files, how a file is read, its rows and labels in place, and the findings of the check.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { ask, closePage, eventually, exampleMessages, expectAccessible, expectNoSidewaysScroll, holdBack, kLooks, makeWorkspace, newContext, openPage, settled, startServer } from "./support.mjs";

const kMegabyte = 1024 * 1024;
const kPng = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const kScripts = ["مرحبا، هل نلتقي غدا؟ 🎉", "שלום, מה שלומך היום", "日本語のテキスト 👨‍👩‍👧", "plain text"];

/** Repeated, contradictory and ordinary texts. */
function defects() {
  const words = ["lunch", "parcel", "meeting", "prize", "train", "garden", "invoice", "football", "doctor", "holiday"];
  const rows = [];
  for (let i = 0; i < 60; ++i) rows.push(`${i % 2 ? "spam" : "ham"}\t${i % 2 ? "win a free" : "see you about the"} ${words[i % 10]} number ${i * 37} today ${words[(i * 3) % 10]}`);
  rows.push(rows[4], rows[5], rows[6], rows[8].replace(/^ham/, "spam"));
  return `label\ttext\n${rows.join("\n")}\n`;
}

let server;
before(async () => {
  const workspace = await makeWorkspace({
    data: {
      "messages.tsv": await exampleMessages(),
      "defects.tsv": defects(),
      "checked.tsv": defects(),
      "scripts.jsonl": kScripts.map((text, i) => JSON.stringify({ text, label: i % 2 ? "b" : "a" })).join("\n") + "\n",
      "long.jsonl": [1, 2, 3, 4].map((i) => JSON.stringify({ text: i === 2 ? "a long text ".repeat(kMegabyte / 12) : `short ${i}`, label: i % 2 ? "x" : "y" })).join("\n") + "\n",
    },
  });
  server = await startServer({ workspace });
});

const toast = (page, text) => page.locator(".toast-text", { hasText: text }).last().waitFor();
const contents = (name) => readFile(join(server.workspace, "data", name), "utf8");
const upload = (page, name, buffer, mimeType = "text/csv") => page.locator("[data-file-input]").setInputFiles({ name, mimeType, buffer: Buffer.from(buffer) });

test("a newcomer adds the sample by one click and sees what is in it", async () => {
  const empty = await startServer();
  const page = await openPage(empty, "/ui/data");
  await page.getByRole("heading", { name: "No data yet" }).waitFor();
  await page.getByRole("button", { name: /Add the sample/ }).click();
  await page.getByRole("heading", { level: 1, name: "sample-messages.tsv" }).waitFor();
  await page.locator(".tile", { hasText: "Texts" }).getByText("600").waitFor();
  await page.getByText("Every label has enough texts to begin with.").waitFor();
  await page.getByRole("link", { name: "Train a model of this file" }).waitFor();
  await closePage(page);
  await empty.stop();
});

test("an uploaded file is recognized, and what is wrong can be corrected; the URL keeps it", async () => {
  const page = await openPage(server, "/ui/data");
  // Windows-1252 but for one byte, so that it isn't recognized.
  const rows = Array.from({ length: 30 }, (_, i) => `${i};Grüße${i ? "" : "\u0081"} ${i};Nachricht über Äpfel ${i};${i % 2 ? "privat" : "Arbeit"}`);
  await upload(page, "Grüße.csv", Buffer.from(`id;subject;body;folder\n${rows.join("\n")}\n`, "latin1"));
  await page.getByRole("heading", { level: 1, name: "Grüße.csv" }).waitFor();
  await page.getByText("This file has no labels").waitFor();
  await page.getByText("Some characters can't be read").waitFor();
  await page.getByLabel("Character encoding").selectOption("windows-1252");
  await page.getByText("Nachricht über Äpfel 3").first().waitFor();
  await page.getByLabel("Text", { exact: true }).selectOption("body");
  await page.getByLabel("Label", { exact: true }).selectOption("folder");
  await page.locator(".tile", { hasText: "Labels" }).getByText("2", { exact: true }).waitFor();
  assert.equal(new URL(page.url()).searchParams.get("label-field"), "folder");
  await page.reload();
  await page.locator("th.preview-label", { hasText: "folder" }).waitFor();
  await page.getByLabel("Columns are separated by").selectOption(",");
  await page.locator("[data-read-error], th:has-text('id;subject')").first().waitFor();
  await page.getByLabel("Columns are separated by").selectOption("");
  await page.getByLabel("Text", { exact: true }).selectOption("subject");
  await page.locator("th.preview-text", { hasText: "subject" }).waitFor();
  await closePage(page);
});

test("a table that was taken for lines, and a file without rows, are said so, with what to do", async () => {
  await writeFile(join(server.workspace, "data", "table.txt"), "kind\tmessage\nham\tLunch at noon?\nspam\tYou won a prize\n");
  await writeFile(join(server.workspace, "data", "head.csv"), "text,label\n");
  const page = await openPage(server, "/ui/data/table.txt?format=lines", { allow: [404] });
  await page.getByText("Each line is read as one text.").waitFor();
  await page.getByLabel("Format", { exact: true }).selectOption("tsv"); // in sight already
  await page.getByLabel("Text", { exact: true }).selectOption("message");
  await page.getByLabel("Label", { exact: true }).selectOption("kind");
  await page.getByRole("link", { name: "Train a model of this file" }).waitFor();
  // A column without a name, as a spreadsheet writes one for a semicolon too many.
  await writeFile(join(server.workspace, "data", "table.txt"), "text;label;\nLunch at noon?;ham;\nYou won a prize;spam;\n");
  await page.goto(`${server.url}/ui/data/table.txt?format=csv&delimiter=%3B`);
  await page.getByRole("columnheader", { name: "(column 3)" }).waitFor();
  await expectAccessible(page);
  await page.goto(`${server.url}/ui/data/head.csv`);
  await page.getByText("This file has no texts").waitFor();
  assert.equal(await page.getByRole("main").getByRole("link", { name: "Label the texts in Review" }).count(), 0);
  await page.goto(`${server.url}/ui/data/none.csv`);
  await page.getByText("the workspace has no data file 'none.csv'").waitFor();
  assert.equal(await page.getByRole("button", { name: "Delete none.csv" }).count(), 0);
  await closePage(page);
  for (const name of ["table.txt", "head.csv"]) await ask(server, "DELETE", `/v1/data/${name}`);
});

test("a file is downloaded as it is", async () => {
  const page = await openPage(server, "/ui/data/scripts.jsonl");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
  assert.equal(download.suggestedFilename(), "scripts.jsonl");
  assert.equal(await readFile(await download.path(), "utf8"), await contents("scripts.jsonl"));
  await closePage(page);
});

test("without the last rows of the last page, the page before is shown", async () => {
  const rows = Array.from({ length: 51 }, (_, i) => `${i % 2 ? "spam" : "ham"}\tthis is text number ${i}`);
  const page = await openPage(server, "/ui/data");
  await upload(page, "two pages.tsv", `label\ttext\n${rows.join("\n")}\n`);
  await page.getByRole("heading", { level: 1, name: "two pages.tsv" }).waitFor();
  await page.getByRole("tab", { name: "Rows" }).click();
  await page.getByRole("button", { name: "Next page" }).click();
  await page.getByRole("button", { name: "Remove row 52" }).click();
  await page.getByText("1–50 of 50").waitFor();
  await closePage(page);
});

test("wrong files are answered in words", async () => {
  const page = await openPage(server, "/ui/data");
  await upload(page, "picture.csv", kPng, "image/png");
  await page.getByRole("alert").getByText("This is a picture.").waitFor();
  await upload(page, "empty.csv", "");
  await page.getByText("The file is empty.").waitFor();
  await upload(page, "no labels.csv", "id,body\n1,hello there\n2,how are you\n3,fine thanks\n");
  await page.getByRole("heading", { level: 1, name: "no labels.csv" }).waitFor();
  await page.getByText("This file has no labels").waitFor();
  await page.getByRole("link", { name: "Label the texts in Review" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Train a model of this file" }).count(), 0);
  await expectAccessible(page);
  await page.getByRole("link", { name: "All data" }).click();
  await upload(page, "noise.csv", Buffer.from(Array.from({ length: 2000 }, (_, i) => 1 + ((i * i * 31) % 255))));
  await page.getByRole("heading", { level: 1, name: "noise.csv" }).waitFor();
  await page.locator("[data-read-error], [data-no-labels]").first().waitFor();
  await closePage(page);
  const { json } = await ask(server, "GET", "/v1/data");
  assert.ok(!json.files.some((file) => file.name === "picture.csv"), "the picture was not sent");
});

test("a file of several pieces arrives whole; a second one of its name gets another name", async () => {
  const page = await openPage(server, "/ui/data");
  const line = "ham,the quick brown fox jumps over the lazy dog and goes home\n";
  const text = `label,text\n${line.repeat(Math.ceil((9 * kMegabyte) / line.length))}`;
  await upload(page, "big.csv", text);
  await page.getByRole("heading", { level: 1, name: "big.csv" }).waitFor();
  assert.equal(await contents("big.csv"), text);
  await page.getByRole("link", { name: "All data" }).click();
  await upload(page, "big.csv", "label,text\nham,b\n");
  await page.getByRole("heading", { level: 1, name: "big-2.csv" }).waitFor();
  assert.equal(await contents("big.csv"), text);
  await closePage(page);
});

test("a file that is chosen before the list has come doesn't take the name of another", async () => {
  const before = await contents("scripts.jsonl");
  const page = await openPage(server, "/ui/data");
  const release = await holdBack(page, "**/v1/data");
  await page.reload();
  await upload(page, "scripts.jsonl", `{"text": "a", "label": "b"}\n`);
  release();
  await page.getByRole("heading", { level: 1, name: "scripts-2.jsonl" }).waitFor();
  assert.equal(await contents("scripts.jsonl"), before);
  await closePage(page);
});

test("an upload can be cancelled, and leaves nothing", async () => {
  const page = await openPage(server, "/ui/data");
  const release = await holdBack(page, "**/v1/data/slow.csv?*");
  await upload(page, "slow.csv", `label,text\n${"ham,words\n".repeat(kMegabyte)}`);
  await page.locator(".upload-sending progress").waitFor();
  await page.getByRole("button", { name: /^Cancel.*slow\.csv/ }).click();
  await page.getByText("The upload was cancelled.").waitFor();
  release();
  const { json } = await ask(server, "GET", "/v1/data");
  assert.ok(!json.files.some((file) => file.name === "slow.csv"));
  await closePage(page);
});

test("rows are searched, relabelled and removed in place, and each change can be undone", async () => {
  const before = await contents("messages.tsv");
  const page = await openPage(server, "/ui/data/messages.tsv?tab=rows");
  await page.getByText("1–50 of 600").waitFor();
  const release = await holdBack(page, "**/v1/data/messages.tsv/rows?*offset=50*");
  await page.getByRole("button", { name: "Next page" }).click();
  await page.waitForURL((url) => url.searchParams.get("page") === "2");
  await page.getByText("1–50 of 600").waitFor(); // of the rows that are still shown
  release();
  await page.getByText("51–100 of 600").waitFor();
  await page.getByLabel("Search texts").fill("dentist");
  await page.waitForURL(/contains=dentist/);
  await page.locator("tbody tr", { hasText: /dentist/i }).first().waitFor();
  await page.waitForFunction(() => [...document.querySelectorAll("tbody tr")].every((row) => /dentist/i.test(row.textContent)));
  await page.getByLabel("Search texts").fill("");
  await page.waitForURL((url) => !url.searchParams.has("contains"));
  await page.getByLabel("Label of row 2", { exact: true }).selectOption("spam");
  await toast(page, "1 row relabelled.");
  assert.match((await contents("messages.tsv")).split("\n")[1], /^spam\t/);
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await toast(page, "Undone.");
  assert.equal(await contents("messages.tsv"), before);
  await settled(page); // what is marked in the list before is not marked in the next one
  await page.getByLabel("Select row 2", { exact: true }).check();
  await page.getByLabel("Select row 3", { exact: true }).check();
  await page.getByText("2 rows selected").waitFor();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByText("1–50 of 598").waitFor();
  assert.equal((await contents("messages.tsv")).split("\n").length, before.split("\n").length - 2);
  await page.getByRole("button", { name: "Undo the last change" }).click();
  await page.getByText("1–50 of 600").waitFor();
  assert.equal(await contents("messages.tsv"), before);
  await closePage(page);
});

test("the last change is undone when it is known which one that is", async () => {
  const before = await contents("messages.tsv");
  const page = await openPage(server, "/ui/data/messages.tsv?tab=rows");
  await page.getByLabel("Label of row 2", { exact: true }).selectOption("spam");
  await toast(page, "1 row relabelled.");
  const undo = page.getByRole("button", { name: "Undo the last change" });
  await undo.waitFor();
  const release = await holdBack(page, "**/v1/data/messages.tsv/changes*");
  await page.getByRole("button", { name: "Remove row 9", exact: true }).click();
  await page.getByRole("button", { name: "Undo the last change", disabled: true }).waitFor();
  release();
  await toast(page, "1 row removed.");
  await undo.click();
  await page.getByText("1–50 of 600").waitFor();
  await undo.click();
  await eventually(async () => (await contents("messages.tsv")) === before, () => "the file is not as it was");
  await closePage(page);
});

/** A page whose stream of events is held back until `release` is called. */
async function withoutEvents(context, path) {
  const page = await openPage(server, "/ui/models", { context });
  const release = await holdBack(page, "**/v1/events");
  await page.goto(`${server.url}${path}`);
  return { page, release };
}

test("what changes before the stream of events is open is shown, and what is marked stays", async () => {
  const context = await newContext();
  await context.addInitScript(() => delete globalThis.SharedWorker); // the tab has a stream of its own then, which can be held back
  const list = await withoutEvents(context, "/ui/data");
  await list.page.getByRole("link", { name: "messages.tsv", exact: true }).waitFor();
  await ask(server, "POST", "/v1/data/samples", { name: "messages" });
  list.release();
  await list.page.getByRole("link", { name: "sample-messages.tsv", exact: true }).waitFor();
  await closePage(list.page);
  await ask(server, "DELETE", "/v1/data/sample-messages.tsv");

  const rows = await withoutEvents(context, "/ui/data/messages.tsv?tab=rows");
  await rows.page.getByLabel("Select row 5", { exact: true }).check();
  const listed = rows.page.waitForResponse("**/v1/data/messages.tsv/rows?*");
  rows.release();
  await listed;
  await settled(rows.page);
  assert.equal(await rows.page.getByLabel("Select row 5", { exact: true }).isChecked(), true);
  await closePage(rows.page);
  await context.close();
});

test("a change of a file that somebody else has changed meanwhile is refused, and the rows are loaded again", async () => {
  const page = await openPage(server, "/ui/data/defects.tsv?tab=rows", { allow: [409] });
  await page.getByLabel("Label of row 2", { exact: true }).waitFor();
  const held = [];
  await page.route("**/v1/data/defects.tsv/rows?*", (route) => void held.push(route)); // the page hears of it too late
  const changed = await ask(server, "POST", "/v1/data/defects.tsv/changes", { remove: [2] });
  assert.equal(changed.status, 200);
  await page.getByLabel("Label of row 3", { exact: true }).selectOption("ham");
  await toast(page, "This file has changed meanwhile.");
  await page.unroute("**/v1/data/defects.tsv/rows?*");
  for (const route of held) await route.continue().catch(() => null);
  await ask(server, "POST", "/v1/data/defects.tsv/undo", {});
  await closePage(page);
});

test("the way back of a note undoes its own change or nothing", async () => {
  const before = await contents("messages.tsv");
  const page = await openPage(server, "/ui/data/messages.tsv?tab=rows", { allow: [409] });
  await page.getByLabel("Label of row 2", { exact: true }).selectOption("spam");
  await toast(page, "1 row relabelled.");
  await page.getByRole("button", { name: "Remove row 9", exact: true }).click();
  await toast(page, "1 row removed.");
  // Both notes stay, and nothing at the end of the page lies below them for good.
  await page.waitForFunction(() => {
    window.scrollTo(0, document.documentElement.scrollHeight);
    const [main, notes] = [document.querySelector(".main"), document.querySelector(".toasts")];
    const end = main.getBoundingClientRect().bottom - parseFloat(getComputedStyle(main).paddingBottom);
    return document.querySelectorAll(".toast").length === 2 && notes.offsetHeight > 112 && end <= notes.getBoundingClientRect().top + 1;
  });
  const changed = await contents("messages.tsv");
  const undoOf = (text) => page.locator(".toast", { hasText: text }).getByRole("button", { name: "Undo", exact: true });
  await undoOf("1 row relabelled.").click();
  await toast(page, "messages.tsv has changed again since.");
  assert.equal(await contents("messages.tsv"), changed);
  await undoOf("1 row removed.").click();
  await toast(page, "Undone.");
  await page.getByRole("button", { name: "Undo the last change" }).click();
  await toast(page, "The file is as it was before the last change.");
  assert.equal(await contents("messages.tsv"), before);
  await closePage(page);
});

test("rows that are marked while a changed file is loaded are not other rows afterwards", async () => {
  const before = await contents("messages.tsv");
  const page = await openPage(server, "/ui/data/messages.tsv?tab=rows");
  await page.getByLabel("Select row 5", { exact: true }).waitFor();
  const release = await holdBack(page, "**/v1/data/messages.tsv/rows?*");
  await page.getByRole("button", { name: "Remove row 2", exact: true }).click();
  await toast(page, "1 row removed.");
  await page.getByLabel("Select row 5", { exact: true }).check();
  release();
  await page.getByText("1–50 of 599").waitFor();
  await page.getByText("Select all rows of this page").waitFor();
  assert.equal(await page.getByLabel("Select row 5", { exact: true }).isChecked(), false);
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await toast(page, "Undone.");
  assert.equal(await contents("messages.tsv"), before);
  await closePage(page);
});

test("a check of one file is not shown for another, though it is found late", async () => {
  const { json } = await ask(server, "POST", "/v1/jobs", { kind: "doctor", data: "checked.tsv" });
  await eventually(async () => (await ask(server, "GET", `/v1/jobs/${json.id}`)).json.state === "succeeded");
  const page = await openPage(server, "/ui/data");
  const release = await holdBack(page, "**/v1/jobs?kind=doctor*");
  await page.goto(`${server.url}/ui/data/checked.tsv?tab=check`);
  await page.getByRole("button", { name: "Check the file" }).waitFor();
  await page.getByRole("link", { name: "All data" }).click();
  await page.getByRole("link", { name: "messages.tsv", exact: true }).click();
  await page.getByRole("tab", { name: "Quality" }).click();
  await page.getByRole("button", { name: "Check the file" }).waitFor();
  const answered = page.waitForResponse("**/v1/jobs?kind=doctor*");
  release();
  await answered;
  await page.goto(`${server.url}/ui/data/messages.tsv?tab=check&check=${json.id}`);
  await page.getByRole("button", { name: "Check the file" }).waitFor();
  await page.waitForURL((url) => !url.searchParams.has("check"));
  await page.goto(`${server.url}/ui/data/checked.tsv?tab=check`);
  await page.locator("[data-kind=duplicate]").waitFor();
  await closePage(page);
});

test("a finding whose row can't be fetched says so, and tries again", async () => {
  const { json } = await ask(server, "POST", "/v1/jobs", { kind: "doctor", data: "checked.tsv" });
  await eventually(async () => (await ask(server, "GET", `/v1/jobs/${json.id}`)).json.state === "succeeded");
  const page = await openPage(server, "/ui/data", { allow: [503] });
  const rows = "**/v1/data/checked.tsv/rows?*";
  await page.route(rows, (route) => route.fulfill({ status: 503, contentType: "application/json", body: '{"error":"the server is busy"}' }));
  await page.goto(`${server.url}/ui/data/checked.tsv?tab=check&check=${json.id}`);
  const finding = page.locator("[data-kind=duplicate] [data-finding]").first();
  await finding.getByText("the server is busy").waitFor();
  assert.equal(await page.getByText("This row isn't read as an example.").count(), 0);
  await page.unroute(rows);
  await finding.getByRole("button", { name: "Try again" }).click();
  await finding.getByText("number").waitFor();
  await closePage(page);
});

test("findings of the check are fixed in place, by click and by key, and undone", async () => {
  const before = await contents("defects.tsv");
  const page = await openPage(server, "/ui/data/defects.tsv?tab=check");
  const release = await holdBack(page, "**/v1/jobs");
  await page.getByRole("button", { name: "Check the file" }).click();
  await page.getByRole("button", { name: "Check the file", disabled: true }).waitFor();
  release();
  const duplicates = page.locator("[data-kind=duplicate]");
  await duplicates.getByText("Repeated texts").waitFor();
  await expectAccessible(page);
  await duplicates.getByText(/identical to row \d+/).first().waitFor();
  assert.doesNotMatch(await page.getByRole("main").innerText(), /defects\.tsv:/, "where the server has the file concerns nobody");
  const first = duplicates.locator("[data-finding]").first();
  await first.getByText("number").waitFor(); // its text has come
  const found = await duplicates.locator("[data-finding]").count();
  await first.focus();
  await page.keyboard.press("Enter");
  await toast(page, "1 row removed.");
  await page.waitForFunction((count) => document.querySelectorAll("[data-kind=duplicate] [data-finding]").length === count, found - 1);
  assert.equal((await contents("defects.tsv")).split("\n").length, before.split("\n").length - 1);
  await page.waitForFunction(() => document.activeElement?.matches("[data-finding]")); // the next one
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await page.waitForFunction((count) => document.querySelectorAll("[data-kind=duplicate] [data-finding]").length === count, found);
  assert.equal(await contents("defects.tsv"), before);
  await page.locator("[data-kind=conflict] [data-finding]").first().getByRole("button", { name: "Keep" }).click();
  await duplicates.getByRole("button", { name: /Fix all/ }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: /Fix all/ }).click();
  await duplicates.waitFor({ state: "detached" });
  assert.equal((await contents("defects.tsv")).split("\n").length, before.split("\n").length - found);
  const check = new URL(page.url()).searchParams.get("check");
  await page.getByRole("button", { name: "Check again" }).click();
  await page.waitForURL((url) => url.searchParams.get("check") !== check);
  await page.locator("[data-kind], :text('Nothing was found.')").first().waitFor();
  await duplicates.waitFor({ state: "detached" });
  await closePage(page);
});

test("a deleted file comes back by Undo", async () => {
  await ask(server, "POST", "/v1/data/samples", { name: "messages" });
  const page = await openPage(server, "/ui/data", { allow: [404] });
  await page.getByRole("button", { name: "Delete sample-messages.tsv" }).click();
  await toast(page, "sample-messages.tsv was deleted.");
  await page.getByRole("link", { name: "sample-messages.tsv" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await page.getByRole("link", { name: "sample-messages.tsv" }).waitFor();
  await closePage(page);
});

test("texts from right to left, with emoji, and of a megabyte are shown whole and change nothing", async () => {
  const page = await openPage(server, "/ui/data/scripts.jsonl?tab=rows");
  for (const text of kScripts) await page.getByText(text, { exact: true }).first().waitFor();
  const [direction, align] = await page.getByText(kScripts[0], { exact: true }).evaluate((node) => [getComputedStyle(node).direction, node.getAttribute("dir")]);
  assert.deepEqual([direction, align], ["rtl", "auto"]);
  await closePage(page);
  const long = await openPage(server, "/ui/data/long.jsonl?tab=rows");
  await long.getByRole("button", { name: "Show the whole text" }).click();
  await long.getByRole("dialog").getByText("characters in all").waitFor();
  await long.keyboard.press("Escape");
  await long.getByText("short 3").waitFor();
  await expectNoSidewaysScroll(long);
  await closePage(long);
});

for (const look of kLooks) {
  test(`the views of data are accessible: ${look.name}`, async () => {
    for (const view of ["/ui/data", "/ui/data/messages.tsv", "/ui/data/messages.tsv?tab=rows", "/ui/data/messages.tsv?tab=check"]) {
      const page = await openPage(server, view, look);
      await page.locator("table, .empty-state").first().waitFor();
      await settled(page);
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await closePage(page);
    }
  });
}
