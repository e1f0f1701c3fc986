// Reviews: how they begin, go and come back, who may label, and how their views look.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { createReview, labelByKeys, labelled, messages, nextText, prepared, textOf, unlabelled, untilLabelled, untilReview } from "./review_support.mjs";
import { ask, closePage, eventually, expectAccessible, expectNoSidewaysScroll, holdBack, kLooks, makeWorkspace, newContext, openPage, startServer, winnow } from "./support.mjs";

let server;
let truth;
const keyOf = (text) => (truth.get(text) === "spam" ? "j" : "f");

before(async () => {
  const rows = await messages(200);
  truth = new Map(rows.map((row) => [row.text, row.label]));
  const odd = ["text;message", ...rows.map((row, i) => `row ${i};"${row.text.replaceAll('"', '""')}"`)].join("\n");
  server = await startServer({ workspace: await makeWorkspace({ data: { "mails.tsv": unlabelled(rows), "labelled.tsv": labelled(rows), "odd.csv": odd } }) });
});

test("a review begins from typical words, or from nothing", async () => {
  const page = await openPage(server, "/ui/review?new=mails.tsv");
  await page.getByRole("radio", { name: "I know typical words" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("words");
  const words = page.getByRole("textbox", { name: "Labels and their words" });
  await words.fill("spam prize winner");
  await page.getByRole("button", { name: "Begin the review" }).click();
  await page.getByText("put a colon behind the label").waitFor();
  await words.fill("spam: free, prize, win, urgent\nham: tomorrow, thanks, dinner");
  await page.getByRole("button", { name: "Begin the review" }).click();
  await page.waitForURL("**/ui/review/words");
  await page.getByLabel("Your name").fill("Anna");
  await page.keyboard.press("Enter");
  await prepared(server, "words");
  await page.reload();
  await page.locator(".desk-accept").waitFor(); // a suggestion without a single label
  await page.getByRole("link", { name: "Review" }).last().click();
  await page.waitForURL("**/ui/review?reviewer=Anna");

  await page.getByRole("button", { name: "New review" }).click();
  const release = await holdBack(page, "**/v1/data/mails.tsv/summary*");
  await page.getByLabel("Data file").selectOption("mails.tsv");
  await page.getByRole("radio", { name: "Nothing yet" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("nothing");
  release();
  await page.getByRole("radio", { name: "The file has labels", disabled: true }).waitFor(); // the choice is left as it is
  await page.getByRole("button", { name: "Begin the review" }).click();
  await page.getByRole("button", { name: "Add the first label" }).waitFor();
  const text = await textOf(page);
  await page.keyboard.type("bills");
  await page.keyboard.press("Enter");
  await nextText(page, text);
  await page.getByRole("button", { name: "bills" }).waitFor();
  await closePage(page);
});

test("a review reads its file as it was corrected under Data", async () => {
  const page = await openPage(server, "/ui/data/odd.csv");
  await page.getByText("This file has no labels").waitFor();
  await page.getByLabel("Text", { exact: true }).selectOption("message");
  await page.waitForURL(/text-field=message/);
  await page.getByRole("link", { name: "Label the texts in Review" }).click();
  await page.getByRole("heading", { name: "New review", level: 1 }).waitFor();
  assert.equal(await page.getByLabel("Data file").inputValue(), "odd.csv");
  await page.getByText("the columns and the format that were chosen under Data").waitFor();
  await page.getByLabel("Data file").selectOption("mails.tsv"); // the columns are those of the other file
  await page.getByText("the columns and the format that were chosen under Data").waitFor({ state: "detached" });
  await page.getByLabel("Data file").selectOption("odd.csv");
  await page.getByRole("textbox", { name: "Labels" }).fill("ham\nspam");
  await page.getByRole("button", { name: "Begin the review" }).click();
  await page.getByLabel("Your name").fill("Anna");
  await page.keyboard.press("Enter");
  await page.locator(".item-body").waitFor();
  assert.ok(truth.has(await textOf(page)), await textOf(page));
  await page.goBack();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.waitForURL((url) => url.pathname === "/ui/review" && url.search === "");
  await closePage(page);
});

test("labels may be named like anything", async () => {
  const names = ["constructor", "__proto__", "<b>bold</b>", "l".repeat(200)];
  await createReview(server, { set: "names", data: "mails.tsv", labels: names });
  const page = await openPage(server, "/ui/review/names?reviewer=Anna", { width: 360 });
  await page.locator(".item-body").waitFor();
  const counts = await page.getByRole("list", { name: "Labels so far" }).getByRole("listitem").allInnerTexts();
  assert.deepEqual(counts.map((count) => count.replace(/\s+/g, " ").trim()), names.map((name) => `${name} 0`));
  await expectNoSidewaysScroll(page);
  const text = await textOf(page);
  await page.keyboard.press("/");
  await page.getByRole("listbox", { name: "Find a label" }).waitFor();
  const options = await page.getByRole("listbox", { name: "Find a label" }).getByRole("option").allInnerTexts();
  assert.deepEqual(options.map((option) => option.trim()).sort(), [...names].sort());
  await page.keyboard.type("constr");
  await page.keyboard.press("Enter");
  await nextText(page, text);
  await page.keyboard.press("2");
  await untilReview(server, "names", ({ stats }) => stats.per_label.constructor === 1 && Object.hasOwn(stats.per_label, "__proto__"));
  await closePage(page);
});

test("a name that is suggested before the list of reviews has come is not taken", async () => {
  await createReview(server, { set: "labelled", data: "labelled.tsv" });
  const page = await openPage(server, "/ui/review");
  const release = await holdBack(page, "**/v1/review");
  await page.goto(`${server.url}/ui/review?new=labelled.tsv`);
  const name = page.getByRole("textbox", { name: "Name" });
  await name.waitFor();
  release();
  await page.waitForFunction(() => document.querySelector("[name=set]").value === "labelled-2");
  await closePage(page);
});

test("a review that is deleted can be brought back", async () => {
  await createReview(server, { set: "gone", data: "mails.tsv", labels: ["ham", "spam"] });
  const page = await openPage(server, "/ui/review");
  await page.getByRole("button", { name: "Delete gone" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("The review “gone” was deleted.").first().waitFor();
  assert.equal((await ask(server, "GET", "/v1/review/gone")).status, 404);
  await page.getByRole("button", { name: "Undo" }).click();
  await eventually(async () => (await ask(server, "GET", "/v1/review/gone")).status === 200);
  await page.getByRole("link", { name: "gone", exact: true }).waitFor();
  await closePage(page);
});

test("a key of the role feedback labels under its own name, and may change nothing else", async () => {
  const workspace = await makeWorkspace({ data: { "mails.tsv": unlabelled(await messages(60)) } });
  const file = join(workspace, "..", "keys.txt");
  const keys = {};
  for (const [name, role] of [["root", "admin"], ["carla", "feedback"]]) {
    const added = await winnow("keys", "add", file, "--name", name, "--role", role);
    assert.equal(added.code, 0, added.stderr);
    keys[name] = added.stdout.trim().split(/\s+/).at(-1);
  }
  const guarded = await startServer({ workspace, args: ["--api-key-file", file] });
  const asRoot = { Authorization: `Bearer ${keys.root}` };
  const created = await ask(guarded, "POST", "/v1/review", { set: "mails", data: "mails.tsv", labels: ["ham", "spam"] }, asRoot);
  assert.equal(created.status, 201, JSON.stringify(created.json));
  const page = await openPage(guarded, "/ui/review", { allow: [401] });
  await page.getByLabel("API key").fill(keys.carla);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "mails" }).first().click();
  await page.locator(".item-body").waitFor();
  await labelByKeys(page, 3, keyOf);
  assert.equal(await page.getByRole("button", { name: /Train a model|Add a label|Delete/ }).count(), 0);
  await untilLabelled(guarded, "mails", 3, asRoot);
  const undone = await ask(guarded, "POST", "/v1/review/undo", { set: "mails", reviewer: "carla" }, asRoot);
  assert.notEqual(undone.json.item, null);

  // The session ends in the middle of the work: labels given meanwhile count after signing in again.
  await untilLabelled(guarded, "mails", 2, asRoot);
  await page.context().clearCookies();
  await page.keyboard.press("f");
  await page.getByText("Your session has ended.").waitFor();
  await page.getByRole("button", { name: "Show the key" }).focus();
  await page.keyboard.press("j"); // no key labels what nobody sees
  await page.getByLabel("API key").fill(keys.carla);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Your session has ended.").waitFor({ state: "detached" });
  await page.locator(".item-body").waitFor();
  await untilLabelled(guarded, "mails", 3, asRoot);
  await labelByKeys(page, 1, keyOf);
  await untilLabelled(guarded, "mails", 4, asRoot);
  await closePage(page);
});

for (const look of kLooks) {
  test(`the views are accessible: ${look.name}`, async () => {
    const set = `looks-${look.name}`;
    await createReview(server, { set, data: "labelled.tsv" });
    const check = async (page) => {
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
    };
    const list = await openPage(server, "/ui/review", look);
    await list.getByRole("article").first().waitFor();
    await check(list);
    await list.getByRole("button", { name: "New review" }).click();
    await list.getByRole("radiogroup").waitFor();
    await check(list);
    const context = await newContext(look);
    const page = await openPage(server, `/ui/review/${set}`, { context });
    await page.getByLabel("Your name").waitFor();
    await check(page);
    await page.getByLabel("Your name").fill("Anna");
    await page.keyboard.press("Enter");
    await page.locator(".item-body").waitFor();
    await labelByKeys(page, 12, keyOf);
    await check(page);
    await page.keyboard.press("/");
    await page.getByRole("combobox", { name: "Find a label" }).waitFor();
    await check(page);
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.getByRole("group").first().waitFor();
    await check(page);
    await page.keyboard.press("g");
    await page.getByRole("button", { name: "Train a model of these labels" }).click();
    await page.getByRole("dialog").waitFor();
    await check(page);
    await closePage(page);
    await context.close();
    await closePage(list);
  });
}
