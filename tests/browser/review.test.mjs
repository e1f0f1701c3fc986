// Review: from a file of texts to labels by keys alone, and from the labels to a model.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { createReview, labelByKeys, labelled, median, messages, nextText, prepared, textOf, unlabelled, untilLabelled, untilReview, waits } from "./review_support.mjs";
import { ask, closePage, eventually, expectNoSidewaysScroll, holdBack, makeWorkspace, openPage, startServer } from "./support.mjs";

let server;
let truth;
const keyOf = (text) => (truth.get(text) === "spam" ? "j" : "f");

before(async () => {
  const rows = await messages(200);
  truth = new Map(rows.map((row) => [row.text, row.label]));
  const spread = rows.slice(0, 60).flatMap((row) => (row.label === "spam" ? [row, ...["!", " ok", " now"].map((end) => ({ ...row, text: row.text + end }))] : [row]));
  const labels = Array.from({ length: 12 }, (_, i) => `intent_${i}`);
  server = await startServer({
    workspace: await makeWorkspace({
      data: {
        "mails.tsv": unlabelled(rows),
        "labelled.tsv": labelled(rows),
        "groups.tsv": unlabelled(spread),
        "intents.tsv": labelled(rows.map((row, i) => ({ ...row, label: labels[i % labels.length] }))),
        "scripts.tsv": unlabelled([{ text: "שלום עולם, זוהי הודעה 😀" }, { text: "مرحبا بالعالم" }, { text: "😀🎉👩‍👩‍👧" }, { text: "word ".repeat(210_000) }]),
      },
    }),
  });
});

test("somebody begins a review, labels thirty texts by keys alone, and trains a model", async (context) => {
  const page = await openPage(server, "/ui/review");
  await page.getByRole("button", { name: "Begin a review" }).click();
  await page.getByLabel("Data file").selectOption("mails.tsv");
  await page.getByRole("radio", { name: "I know their names" }).click();
  await page.getByRole("textbox", { name: "Labels" }).fill("ham\nspam");
  await page.getByRole("textbox", { name: "Name" }).fill("mails");
  await page.getByRole("button", { name: "Begin the review" }).click();
  await page.waitForURL("**/ui/review/mails");
  await page.getByLabel("Your name").fill("Anna");
  await page.keyboard.press("Enter");
  await page.locator(".item-body").waitFor();
  await prepared(server, "mails");

  const sentence = () => page.locator(".learning-sentence").innerText();
  const first = await sentence();
  const began = Date.now();
  const texts = await labelByKeys(page, 30, keyOf);
  const minutes = (Date.now() - began) / 60_000;
  assert.equal(new Set(texts).size, 30);
  const shown = await waits(page, 30);
  context.diagnostic(`${(30 / minutes).toFixed(0)} texts per minute; next text after ${median(shown).toFixed(1)} ms (median), ${Math.max(...shown).toFixed(1)} ms (worst)`);
  assert.equal(shown.length, 30);

  // The model has learned: the line tells another number, and texts have suggestions.
  await page.waitForFunction((old) => document.querySelector(".learning-sentence").innerText !== old, first);
  await untilLabelled(server, "mails", 30);
  const { json } = await ask(server, "GET", "/v1/review/mails");
  for (const [label, count] of Object.entries(json.stats.per_label)) {
    assert.equal(count, texts.filter((text) => truth.get(text) === label).length, label);
  }

  await page.getByRole("button", { name: "Train a model of these labels" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name of the model").fill("from-review");
  await dialog.getByRole("button", { name: "Train" }).click();
  await page.waitForURL("**/ui/benchmark**");
  await untilModel("from-review");

  // A second training says what it would replace, and which names no model can have.
  await page.goto(`${server.url}/ui/review/mails?reviewer=Anna`);
  await page.getByRole("button", { name: "Train a model of these labels" }).click();
  await dialog.getByLabel("Name of the model").fill("from-review");
  await dialog.getByText("There is a model from-review. It will be replaced").waitFor();
  await dialog.getByLabel("Name of the model").fill("no name");
  await dialog.getByText("A name has letters, digits").waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Train" }).isDisabled());
  await closePage(page);
});

async function untilModel(name) {
  let jobs;
  const isThere = async () => {
    jobs = (await ask(server, "GET", "/v1/jobs")).json;
    return (await ask(server, "GET", "/models")).json.models.some((model) => model.name === name);
  };
  await eventually(isThere, () => `there is no model ${name}: ${JSON.stringify(jobs)}`);
}

test("the second press of a double click labels no text that nobody has read", async () => {
  await createReview(server, { set: "twice", data: "mails.tsv", labels: ["ham", "spam"] });
  const page = await openPage(server, "/ui/review/twice?reviewer=Anna");
  await page.locator(".item-body").waitFor();
  const first = await textOf(page);
  await page.getByRole("button", { name: /ham/ }).last().dblclick();
  await nextText(page, first);
  const second = await textOf(page);
  await untilLabelled(server, "twice", 1);
  assert.equal(await textOf(page), second);
  // A press with time to read before it counts.
  await page.waitForTimeout(500);
  await page.getByRole("button", { name: /ham/ }).last().click();
  await nextText(page, second);
  await untilLabelled(server, "twice", 2);
  await closePage(page);
});

test("a training whose name is refused is repeated with another name", async () => {
  const taken = await makeWorkspace({ data: { "mails.tsv": labelled(await messages(60)) }, models: { spam: "mails.tsv" } });
  const other = await startServer({
    workspace: await makeWorkspace({ data: { "mails.tsv": labelled(await messages(60)) } }),
    args: [`${taken}/models/spam`],
  });
  await createReview(other, { set: "spam", data: "mails.tsv" });
  const page = await openPage(other, "/ui/review/spam?reviewer=Anna", { allow: [409] });
  await page.locator(".item-body").waitFor();
  await page.getByRole("button", { name: "Train a model of these labels" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Train" }).click();
  await dialog.getByText("the server has a model 'spam'").waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Replace that file" }).count(), 0);
  await dialog.getByLabel("Name of the model").fill("spam-2");
  await dialog.getByRole("button", { name: "Train" }).click();
  await page.waitForURL("**/ui/benchmark**");
  await closePage(page);
  await other.stop();
});

test("undo goes back without limit, also after a reload", async () => {
  await createReview(server, { set: "back", data: "mails.tsv", labels: ["ham", "spam"] });
  const page = await openPage(server, "/ui/review/back?reviewer=Anna");
  await page.locator(".item-body").waitFor();
  const texts = await labelByKeys(page, 6, keyOf);
  await page.keyboard.press("Space");
  await nextText(page, texts.at(-1));
  await untilReview(server, "back", ({ stats }) => stats.skipped === 1);
  await page.reload();
  await page.locator(".item-body").waitFor();
  await page.keyboard.press("Backspace");
  await page.getByText("Skipped before").waitFor();
  for (const text of texts.reverse()) {
    const now = await textOf(page);
    await page.keyboard.press("Backspace");
    await nextText(page, now);
    assert.equal(await textOf(page), text);
    await page.getByText(`You had labelled this “${truth.get(text)}”.`).waitFor();
  }
  await page.keyboard.press("Backspace");
  await page.getByText("There is nothing left to undo.").waitFor();
  await untilLabelled(server, "back", 0);
  // Undo and another label at once: the label is for the text that comes back.
  const [text] = await labelByKeys(page, 1, () => "f");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("j");
  await untilReview(server, "back", ({ stats }) => stats.per_label.spam === 1);
  assert.notEqual(await textOf(page), text);
  await closePage(page);
});

test("two reviewers at once never get the same text", async () => {
  await createReview(server, { set: "both", data: "mails.tsv", labels: ["ham", "spam"] });
  const pages = [await openPage(server, "/ui/review/both?reviewer=Anna"), await openPage(server, "/ui/review/both?reviewer=Ben")];
  await Promise.all(pages.map((page) => page.locator(".item-body").waitFor()));
  const [anna, ben] = await Promise.all(pages.map((page) => labelByKeys(page, 25, keyOf)));
  assert.deepEqual(anna.filter((text) => ben.includes(text)), []);
  await untilLabelled(server, "both", 50);
  for (const page of pages) await closePage(page);
});

test("groups are labelled together, and undone together", async () => {
  await createReview(server, { set: "alike", data: "groups.tsv", labels: ["ham", "spam"] });
  const page = await openPage(server, "/ui/review/alike?reviewer=Anna");
  await page.locator(".item-body").waitFor();
  await page.keyboard.press("g");
  await page.waitForURL("**groups=duplicates**");
  const boxes = page.locator(".bulk-item input");
  await boxes.first().waitFor();
  // Behind the last group none is shown until others have come.
  const [, groups] = /of (\d+)/.exec(await page.getByText(/^Group 1 of /).textContent());
  const release = await holdBack(page, "**/v1/review/groups*");
  for (let i = 0; i < Number(groups); ++i) await page.keyboard.press("Space");
  await boxes.first().waitFor({ state: "detached" });
  release();
  await boxes.first().waitFor();
  const count = await boxes.count();
  assert.ok(count >= 3, `${count} near-duplicates`);
  await boxes.first().uncheck();
  await page.keyboard.press("j");
  await page.getByText(`${count - 1} texts labelled “spam”.`).first().waitFor();
  await untilLabelled(server, "alike", count - 1);
  const [request] = await Promise.all([page.waitForResponse((response) => response.url().includes("/v1/review/groups")), page.keyboard.press("Backspace")]);
  assert.ok(request.ok());
  await untilLabelled(server, "alike", 0);
  await page.keyboard.press("g");
  await page.locator(".item-body").waitFor();
  await closePage(page);
});

test("an audit shows no suggestion, and neither the model's scores nor the data's label", async () => {
  await createReview(server, { set: "audit", data: "labelled.tsv" });
  const page = await openPage(server, "/ui/review/audit?reviewer=Anna");
  await page.locator(".item-body").waitFor();
  await labelByKeys(page, 25, keyOf);
  await page.getByLabel("Queue").selectOption("audit");
  await page.waitForURL("**queue=audit**");
  await page.getByText("shown without a suggestion").first().waitFor();
  for (let i = 0; i < 5; ++i) {
    assert.equal(await page.locator(".label-score, .label-suggested, .desk-accept").count(), 0);
    assert.equal(await page.getByText("In the data").count(), 0);
    const text = await textOf(page);
    await page.keyboard.press("Enter"); // there is nothing to accept
    assert.equal(await textOf(page), text);
    await labelByKeys(page, 1, keyOf);
  }
  await closePage(page);
});

test("a label is added while one works, and labels are found by typing", async () => {
  await createReview(server, { set: "intents", data: "intents.tsv" });
  const page = await openPage(server, "/ui/review/intents?reviewer=Anna");
  await page.locator(".item-body").waitFor();
  const labelledAs = (label, count) => untilReview(server, "intents", ({ stats }) => stats.per_label[label] === count);
  let text = await textOf(page);
  await page.keyboard.type("int");
  await page.getByRole("option", { name: "intent_0" }).waitFor();
  await page.keyboard.type("ent_11");
  await page.keyboard.press("Enter");
  await nextText(page, text);
  await labelledAs("intent_11", 1);
  text = await textOf(page);
  await page.keyboard.press("/");
  await page.getByRole("combobox", { name: "Find a label" }).fill("phone bill");
  await page.getByRole("option", { name: "Add the label “phone bill”" }).waitFor();
  await page.keyboard.press("Enter");
  await nextText(page, text);
  await labelledAs("phone bill", 1);
  // Keys do nothing with a modifier, in a field, and in a dialog.
  text = await textOf(page);
  await page.keyboard.press("Alt+1");
  await page.keyboard.press("?");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("1");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByLabel("One-key labels", { exact: true }).click();
  await page.keyboard.press("1");
  assert.equal(await textOf(page), text);
  await page.getByLabel("One-key labels", { exact: true }).click();
  await page.locator(".item-body").focus();
  await page.keyboard.press("1");
  await nextText(page, text);
  await closePage(page);
});

test("a new label is for the text that was shown, not for the next one", async () => {
  await createReview(server, { set: "late", data: "mails.tsv", labels: ["ham", "spam"] });
  const page = await openPage(server, "/ui/review/late?reviewer=Anna");
  await page.locator(".item-body").waitFor();
  const text = await textOf(page);
  const release = await holdBack(page, "**/v1/review/late/labels");
  await page.keyboard.press("/");
  await page.getByRole("combobox", { name: "Find a label" }).fill("bills");
  await page.getByRole("option", { name: "Add the label “bills”" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("combobox", { name: "Find a label" }).waitFor({ state: "detached" });
  await page.keyboard.press("f");
  await nextText(page, text);
  const next = await textOf(page);
  release();
  await page.getByRole("button", { name: "bills" }).waitFor();
  await page.locator(".toast-text", { hasText: "bills" }).waitFor();
  assert.equal(await textOf(page), next);
  await untilReview(server, "late", ({ stats }) => stats.per_label.ham === 1 && !stats.per_label.bills);
  await closePage(page);
});

test("labels are kept while the server is away, and sent when it is back", async () => {
  await createReview(server, { set: "away", data: "mails.tsv", labels: ["ham", "spam"] });
  const page = await openPage(server, "/ui/review/away?reviewer=Anna", { allow: ["offline", 503] });
  await page.locator(".item-body").waitFor();
  await labelByKeys(page, 2, keyOf);
  await untilLabelled(server, "away", 2);
  await server.stop("SIGKILL");
  await labelByKeys(page, 3, keyOf);
  await page.getByText("3 labels are kept on this page").waitFor();
  await server.restart();
  await page.getByText("are kept on this page").waitFor({ state: "detached" });
  await untilLabelled(server, "away", 5);
  await closePage(page);
});

test("texts of every script and size are shown", async () => {
  await createReview(server, { set: "scripts", data: "scripts.tsv", labels: ["a", "b"] });
  const page = await openPage(server, "/ui/review/scripts?reviewer=Anna");
  await page.locator(".item-body").waitFor();
  const seen = [];
  for (let i = 0; i < 4; ++i) {
    const text = await textOf(page);
    seen.push(text.slice(0, 5));
    if (text.startsWith("word")) {
      await page.getByRole("button", { name: /Show all/ }).click();
      await page.waitForFunction(() => document.querySelector(".item-body").textContent.length > 1_000_000);
      assert.ok((await page.locator(".item-piece").count()) > 100);
      const box = await page.locator(".item-body").boundingBox();
      assert.ok(box.height < 600);
    }
    await expectNoSidewaysScroll(page);
    await page.keyboard.press("f");
    if (i < 3) await nextText(page, text);
  }
  await page.getByRole("heading", { name: "All texts are labelled" }).waitFor();
  assert.ok(seen.includes("שלום "));
  await page.keyboard.press("Backspace");
  await page.locator(".item-body").waitFor();
  await closePage(page);
});
