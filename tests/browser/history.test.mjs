// History: searching, labelling one message and many with undo, senders, rules made of messages, servers without a filter.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { adminSays, check, kMessages, startFilter, stored } from "./messages.mjs";
import { ask, closePage, eventually, exampleMessages, expectAccessible, expectNoSidewaysScroll, holdBack, kLooks, makeWorkspace, openPage, startServer } from "./support.mjs";

let server;
before(async () => {
  server = await startFilter();
});

const card = (page, text) => page.locator("li.message").filter({ hasText: text });
const toast = (page, text) => page.locator(".toast-text").filter({ hasText: text });
const undo = (page) => page.getByRole("button", { name: "Undo" }).last().click();

test("a label is given in place, and taken back by undo", async () => {
  const page = await openPage(server, "/ui/history");
  const message = card(page, "your new glasses");
  await message.getByRole("button", { name: "It is spam" }).click();
  await message.getByText("People say: spam").waitFor();
  await eventually(async () => (await adminSays(server, "your new glasses")) === "spam");
  await undo(page);
  await message.getByText("People say: spam").waitFor({ state: "detached" });
  await eventually(async () => (await adminSays(server, "your new glasses")) === null);
  await closePage(page);
});

test("a label that is pressed again is withdrawn", async () => {
  const page = await openPage(server, "/ui/history?text=glasses");
  const button = card(page, "your new glasses").getByRole("button", { name: "It is not spam" });
  await button.click();
  await eventually(async () => (await adminSays(server, "your new glasses")) === "ham");
  await page.reload();
  await page.locator('li.message [aria-pressed="true"]').waitFor();
  await button.click();
  await eventually(async () => (await adminSays(server, "your new glasses")) === null);
  await closePage(page);
});

test("a double click labels a message, and does not withdraw that at once", async () => {
  const page = await openPage(server, "/ui/history?text=parcel");
  const button = card(page, "Your parcel").getByRole("button", { name: "It is spam" });
  let requests = 0;
  page.on("request", (request) => (requests += Number(request.url().endsWith("/v1/feedback"))));
  await button.dblclick();
  await eventually(async () => (await adminSays(server, "Your parcel")) === "spam");
  assert.equal(requests, 1);
  await page.waitForTimeout(500); // the next click is none of the double click
  await button.click();
  await eventually(async () => (await adminSays(server, "Your parcel")) === null);
  await closePage(page);
});

test("a list that was asked for before a label, and comes after it, leaves the label", async () => {
  const page = await openPage(server, "/ui/history?text=parcel");
  const button = card(page, "Your parcel").getByRole("button", { name: "It is spam" });
  await button.waitFor();
  let answer;
  const answered = new Promise((done) => (answer = done));
  await page.route("**/v1/history?*", async (route) => {
    const response = await route.fetch(); // the state of now
    await answered;
    await route.fulfill({ response });
  });
  const listed = page.waitForResponse("**/v1/history?*");
  const asked = page.waitForRequest("**/v1/history?*");
  await page.getByRole("button", { name: "Look for newer messages" }).click();
  await asked;
  await eventually(async () => await page.locator(".messages[aria-busy=true]").count() === 1);
  await button.click();
  await eventually(async () => (await adminSays(server, "Your parcel")) === "spam");
  await toast(page, "Labelled as spam.").waitFor();
  answer();
  await listed;
  await page.locator(".messages:not([aria-busy])").waitFor();
  assert.equal(await button.getAttribute("aria-pressed"), "true");
  await button.press("Enter");
  await eventually(async () => (await adminSays(server, "Your parcel")) === null);
  await closePage(page);
});

test("a text is copied where the browser has no clipboard for pages", async () => {
  const page = await openPage(server, "/ui/history?text=parcel");
  await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await card(page, "Your parcel").getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Copy the text" }).click();
  await toast(page, "Copied.").waitFor();
  await closePage(page);
});

test("many messages are labelled at once, and undo gives each its former label back", async () => {
  await ask(server, "POST", "/v1/feedback", { id: (await stored(server, "Shall we meet")).id, label: "spam", feedback_type: "admin" });
  await eventually(async () => (await adminSays(server, "Shall we meet")) === "spam");
  const page = await openPage(server, "/ui/history?sender=joe@friends.example");
  await card(page, "Shall we meet").waitFor();
  await page.getByLabel("Mark all messages of this page").check();
  await page.getByText("2 messages marked").waitFor();
  await page.getByRole("button", { name: "Label the marked messages as not spam" }).click();
  await toast(page, "2 messages labelled as not spam.").waitFor();
  await eventually(async () => (await adminSays(server, "Shall we meet")) === "ham" && (await adminSays(server, "your new glasses")) === "ham");
  await undo(page);
  await eventually(async () => (await adminSays(server, "Shall we meet")) === "spam" && (await adminSays(server, "your new glasses")) === null);
  await closePage(page);
});

test("a search lies in the address, and conditions can be taken away", async () => {
  const page = await openPage(server, "/ui/history");
  await page.getByRole("searchbox", { name: "Words in the message" }).fill("parcel");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/ui/history?text=parcel");
  await page.getByText("1 message", { exact: true }).waitFor();
  await page.getByRole("group", { name: "Verdict" }).getByText("Not spam").click();
  await page.waitForURL(/verdict=ham/);
  await page.getByRole("heading", { name: "No message fits this search" }).waitFor();
  await page.getByRole("button", { name: "Remove the condition: Not spam" }).click();
  await card(page, "Your parcel is waiting").waitFor();
  await page.goBack();
  await page.waitForURL(/verdict=ham/);
  await page.reload();
  await page.getByRole("button", { name: "Clear all conditions" }).first().click();
  await card(page, "Shall we meet").waitFor();
  await closePage(page);
});

test("the server pages: older messages and back", async () => {
  const many = await startFilter({ messages: Array.from({ length: 60 }, (_, i) => ({ text: `Lunch number ${"one two three".split(" ")[i % 3]}${"x".repeat(i)} at noon`, sender: "+447700900999" })) });
  const page = await openPage(many, "/ui/history");
  await page.getByText("25 messages, the newest first").waitFor();
  const first = await page.locator("p.message-text").first().textContent();
  await page.getByRole("button", { name: "Older messages" }).click();
  await page.waitForURL(/before=/);
  await eventually(async () => (await page.locator("p.message-text").first().textContent()) !== first, () => "the page shows the newest messages still");
  await page.getByRole("button", { name: "Older messages" }).click();
  await page.getByText("10 messages, the last page").waitFor();
  const release = await holdBack(page, "**/v1/history?*");
  await page.goBack();
  await page.goBack();
  await page.waitForURL("**/ui/history");
  await page.getByText("10 messages, the last page").waitFor(); // of those that are still shown
  release();
  await page.getByText("25 messages, the newest first").waitFor();
  assert.equal(await page.locator("p.message-text").first().textContent(), first);
  await closePage(page);
});

test("a blocked sender's next message is spam, until that is undone", async () => {
  const page = await openPage(server, "/ui/history?text=glasses");
  await card(page, "your new glasses").getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Block the sender" }).click();
  const dialog = page.getByRole("dialog", { name: "Block joe@friends.example?" });
  const description = await dialog.evaluate((element) => document.getElementById(element.getAttribute("aria-describedby"))?.textContent);
  assert.match(description ?? "", /all messages of this sender are spam, for all users/);
  await dialog.getByLabel("Everybody at friends.example").check();
  await dialog.getByRole("button", { name: "Block" }).click();
  await toast(page, "@friends.example is blocked.").waitFor();
  const message = { text: "Are you at home tonight?", sender: "mia@friends.example" };
  const blocked = await check(server, message);
  assert.equal(blocked.isSpam, true);
  assert.equal(blocked.source, "reputation");
  await undo(page);
  await eventually(async () => !(await check(server, message)).isSpam);
  await closePage(page);
});

test("the reasons of a verdict are in words", async () => {
  const page = await openPage(server, "/ui/history?text=gift");
  const message = card(page, "gift card");
  await message.getByRole("button", { name: /^More actions: .*gift card/ }).waitFor(); // names tell one message from another
  await message.getByRole("button", { name: /^Why\? .*gift card/ }).click();
  await message.getByText("a gift card or voucher with an amount").waitFor();
  await message.getByRole("button", { name: "Search messages with the reason GIFT_CARD" }).click();
  await page.waitForURL("**/ui/history?symbol=GIFT_CARD");
  await page.getByText("1 message", { exact: true }).waitFor();
  await closePage(page);
});

test("long texts are folded, and texts from right to left are set so", async () => {
  const page = await openPage(server, "/ui/history");
  const long = card(page, "A story without an end");
  assert.ok((await long.textContent()).length < 1_000);
  await long.getByRole("button", { name: "Show the whole text" }).click();
  assert.ok((await long.textContent()).length > 2_000);
  const arabic = page.locator("p.message-text", { hasText: "مرحبا" });
  assert.equal(await arabic.evaluate((element) => getComputedStyle(element).direction), "rtl");
  await closePage(page);
});

test("a message of which only the redacted text is known gets a label with its text", async () => {
  const old = await startFilter({ messages: [{ text: "Call 0808 157 0199 now for your bonus", sender: "+447700900777" }] });
  await old.restart(); // forgets the true texts
  const page = await openPage(old, "/ui/history");
  await card(page, "for your bonus").getByRole("button", { name: "It is spam" }).click();
  const dialog = page.getByRole("dialog", { name: "The true text is needed" });
  await dialog.getByLabel("Text of the message").fill("Call 0808 157 0199 now for your bonus");
  await dialog.getByRole("button", { name: "Label as spam" }).click();
  await dialog.waitFor({ state: "detached" });
  await eventually(async () => (await adminSays(old, "for your bonus")) === "spam");
  await closePage(page);
});

test("a rule is made of a message, tried on the history, and hits", async () => {
  const fresh = await startFilter({
    messages: [
      ...kMessages,
      { text: "Exclusive yacht timeshare for you, answer today", sender: "+447700900001" },
      { text: "Last call: yacht timeshare, answer today", sender: "+447700900002" },
    ],
  });
  const page = await openPage(fresh, "/ui/history?text=Exclusive");
  await card(page, "yacht timeshare").getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Make a rule of this" }).click();
  await page.waitForURL(/\/ui\/filter\?.*edit=new/);
  const area = page.getByLabel("Rule", { exact: true });
  await area.waitFor();
  assert.match(await area.inputValue(), /^\[\[rule\]\]/);
  await area.fill("[[rule]]\nname = \"YACHT\"\ndescription = \"a yacht\"\nscore = 6\npattern = '(?i)yacht timeshare'\n");
  await page.getByText("the rule hits 2").waitFor();
  await page.reload(); // the message stays
  await page.getByText("Exclusive yacht timeshare").first().waitFor();
  await area.fill("[[rule]]\nname = \"YACHT\"\ndescription = \"a yacht\"\nscore = 6\npattern = '(?i)yacht timeshare'\n");
  await page.getByRole("button", { name: "Save the rule" }).click();
  await toast(page, "The rule YACHT is in use.").waitFor();
  const verdict = await check(fresh, { text: "A yacht timeshare is waiting" });
  assert.equal(verdict.source, "rules");
  assert.ok(verdict.symbols.some((symbol) => symbol.name === "YACHT"));
  await closePage(page);
});

test("a rule that is made of a message which is no spam speaks against spam", async () => {
  const fresh = await startFilter();
  const page = await openPage(fresh, "/ui/history?text=chemist");
  const message = card(page, "The chemist rang");
  await message.getByRole("button", { name: "It is not spam" }).click();
  await eventually(async () => (await adminSays(fresh, "chemist")) === "ham");
  await message.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Make a rule of this" }).click();
  const area = page.getByLabel("Rule", { exact: true });
  await area.waitFor();
  assert.match(await area.inputValue(), /score = -/);
  await closePage(page);
});

test("a server without a filter says how to get one", async () => {
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages() }, models: { spam: "messages.tsv" } });
  const plain = await startServer({ workspace: null, args: [join(workspace, "models", "spam")] });
  const page = await openPage(plain, "/ui/history");
  await page.getByRole("heading", { name: "This server has no message filter" }).waitFor();
  await page.getByRole("button", { name: "Copy the command" }).waitFor();
  await expectAccessible(page);
  await closePage(page);
});

test("an empty history leads to the first message", async () => {
  const empty = await startFilter({ messages: [] });
  const page = await openPage(empty, "/ui/history");
  await page.getByRole("heading", { name: "No message was checked yet" }).waitFor();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Check a message" }).click();
  await page.getByRole("heading", { name: "Check a message" }).waitFor();
  await closePage(page);
});

for (const look of kLooks) {
  test(`the history is accessible: ${look.name}`, async () => {
    const page = await openPage(server, "/ui/history?time=day", look);
    await card(page, "gift card").getByRole("button", { name: "Why?" }).click();
    await page.getByText("More conditions").click();
    await page.getByLabel("Mark this message").first().check();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await card(page, "gift card").getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Always allow the sender" }).click();
    await page.getByRole("dialog").waitFor();
    await expectAccessible(page);
    await closePage(page);
  });
}
