// Try: verdicts of one and of many texts, by one model and by all; what is in the address; switching the default.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { ask, closePage, exampleMessages, expectAccessible, expectNoSidewaysScroll, kLooks, makeWorkspace, openPage, startServer } from "./support.mjs";

const kSpam = "You won a prize, claim it now at win-big.example";
const kColors = [];
for (let i = 0; i < 20; ++i) {
  for (const label of ["red", "green", "blue"]) kColors.push(`the ${label} one number ${i}\t${label}`);
}
let server;

before(async () => {
  const workspace = await makeWorkspace({
    data: { "messages.tsv": await exampleMessages(), "colors.tsv": `text\tlabel\n${kColors.join("\n")}\n` },
    models: { spam: "messages.tsv", colors: "colors.tsv" },
  });
  server = await startServer({ workspace, args: [] });
  assert.equal((await ask(server, "POST", "/models/switch", { model: "spam" })).status, 200);
});

const hashOf = (text) => `#${encodeURIComponent(text)}`;

for (const look of kLooks) {
  test(`verdicts are accessible: ${look.name}`, async () => {
    const page = await openPage(server, `/ui/try?model=*${hashOf(kSpam)}`, look);
    await page.locator("[data-model=spam] .effects").waitFor();
    await page.locator("[data-model=colors] .score-bars").waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await closePage(page);
  });
}

test("a text gets its verdict while it is typed, with the words that matter", async () => {
  const page = await openPage(server, "/ui/try");
  await page.getByLabel("Text", { exact: true }).pressSequentially(kSpam);
  const result = page.locator("[data-model=spam]");
  await result.locator(".effects", { hasText: kSpam }).waitFor(); // a slow machine shows verdicts of beginnings of the text, too
  assert.equal(await result.locator(".verdict-large strong").textContent(), "spam");
  assert.equal((await result.locator(".effects").textContent()).trim(), kSpam);
  assert.ok((await result.locator("mark.effect-for").allTextContents()).includes("claim"));
  assert.match(await result.textContent(), /Answered in/);
  assert.equal(new URL(page.url()).search, "", "a text must not be sent in an address");
  await page.reload();
  await page.locator("[data-model=spam] .verdict-large strong").waitFor();
  assert.equal(await page.getByLabel("Text", { exact: true }).inputValue(), kSpam);
  await closePage(page);
});

test("a verdict stays when its words can't be explained, which is tried again", async () => {
  const page = await openPage(server, "/ui/models", { allow: [503] });
  const busy = { status: 503, contentType: "application/json", body: '{"error":"the server is busy"}' };
  await page.route("**/v1/classify", (route) => (route.request().postDataJSON().explain ? route.fulfill(busy) : route.fallback()));
  await page.goto(`${server.url}/ui/try${hashOf(kSpam)}`);
  const result = page.locator("[data-model=spam]");
  await result.getByText("The effect of each word is not known").waitFor();
  assert.equal(await result.locator(".verdict-large strong").textContent(), "spam");
  await page.unroute("**/v1/classify");
  await result.getByRole("button", { name: "Try again" }).click();
  await result.locator(".effects", { hasText: kSpam }).waitFor();
  await closePage(page);
});

test("all models answer side by side, and modes move the threshold", async () => {
  const page = await openPage(server, `/ui/try${hashOf("Shall we meet at six?")}`, { allow: [422] });
  await page.locator("[data-model=spam] .verdict-large").waitFor();
  await page.getByLabel("Which model answers").selectOption("*");
  await page.locator("[data-model=colors] .verdict-large").waitFor();
  assert.match(page.url(), /model=\*/);
  assert.match(await page.locator("[data-model=spam]").textContent(), /Decision threshold 50 %/);
  await page.getByRole("button", { name: "Strict" }).click();
  await page.getByText("Decision threshold 30 %").waitFor();
  // A model without a positive label has no modes, and still answers.
  await page.locator("[data-model=colors]").getByText("no strict or lenient mode").waitFor();
  await page.getByRole("button", { name: "Lenient" }).click();
  await page.getByText("Decision threshold 70 %").waitFor();
  assert.match(page.url(), /mode=lenient/);
  await closePage(page);
});

test("many texts are counted and listed, page by page", async () => {
  const lines = Array.from({ length: 120 }, (_, index) => (index % 3 === 0 ? `${kSpam} ${index}` : `Shall we meet at six? ${index}`));
  const page = await openPage(server, "/ui/try?texts=many&model=*");
  await page.getByLabel("Texts, one per line").fill(lines.join("\n"));
  await page.getByText("120 texts are classified.").waitFor({ state: "attached" });
  assert.match(await page.locator("section[data-model=spam] .tally").textContent(), /80\s*ham/);
  assert.match(await page.locator("section[data-model=spam] .tally").textContent(), /40\s*spam/);
  assert.match(await page.locator("main").textContent(), /disagree about 120 of 120/);
  assert.equal(await page.locator(".data-table tbody tr").count(), 50);
  await page.getByRole("button", { name: "Next page" }).click();
  await page.getByRole("button", { name: "Next page" }).click();
  assert.equal(await page.locator(".data-table tbody tr").count(), 20);
  await expectAccessible(page);
  await closePage(page);
});

test("texts of any script, with emoji, and of a megabyte", async () => {
  const page = await openPage(server, "/ui/try");
  const box = page.getByLabel("Text", { exact: true });
  const mixed = "🎉🎉 claim 👨‍👩‍👧 your مرحبا prize now";
  await box.fill(mixed);
  await page.locator("[data-model=spam] .effects").waitFor();
  assert.equal((await page.locator("[data-model=spam] .effects").textContent()).trim(), mixed);
  await box.fill("السلام عليكم ورحمة الله وبركاته");
  await page.waitForFunction(() => getComputedStyle(document.querySelector("textarea")).direction === "rtl");
  await page.locator("[data-model=spam] .verdict-large").waitFor();
  await box.fill("claim your prize now ".repeat(49_000));
  await page.getByText("too long to show the effect").waitFor();
  await expectNoSidewaysScroll(page);
  await closePage(page);
});

test("the default is switched for everybody after a question, and back by one click", async () => {
  const page = await openPage(server, `/ui/try?model=colors:1.0.0${hashOf("the blue one")}`);
  const nameOfDefault = async () => (await ask(server, "GET", "/models")).json.models.find((model) => model.default).name;
  await page.getByRole("button", { name: "Let colors answer for everybody" }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByText("in place of spam").waitFor();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await nameOfDefault(), "spam");
  await page.getByRole("button", { name: "Let colors answer for everybody" }).click();
  await dialog.getByRole("button", { name: "Switch to colors" }).click();
  await page.getByText("colors answers for everybody now.").first().waitFor();
  assert.equal(await nameOfDefault(), "colors");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Undone.").first().waitFor();
  assert.equal(await nameOfDefault(), "spam");
  await closePage(page);
});

test("a server without models says what to do", async () => {
  const empty = await startServer();
  const page = await openPage(empty, "/ui/try");
  await page.getByRole("heading", { name: "There is no model yet" }).waitFor();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Train a model" }).click();
  await page.waitForURL("**/ui/");
  await closePage(page);
});
