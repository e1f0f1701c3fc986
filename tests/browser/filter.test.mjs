// Filter: rules with their tester, editor and backtest; senders; preferences of users; the must-pass list.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { check, kMessages, startFilter } from "./messages.mjs";
import { ask, closePage, eventually, exampleMessages, expectAccessible, expectNoSidewaysScroll, holdBack, kLooks, makeWorkspace, openPage, settled, startServer } from "./support.mjs";

let server;
before(async () => {
  server = await startFilter();
});

const toast = (page, text) => page.locator(".toast-text").filter({ hasText: text });
const undo = (page) => page.getByRole("button", { name: "Undo", exact: true }).last().click();
const ruleArea = (page) => page.getByLabel("Rule", { exact: true });
const ownRules = async () => (await ask(server, "GET", "/v1/rules")).json.rules.filter((rule) => rule.editable).map((rule) => rule.name);

test("a message is checked, with reasons in words", async () => {
  const page = await openPage(server, "/ui/filter");
  await page.getByLabel("Message", { exact: true }).fill(kMessages[0].text);
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await page.getByText("This message is spam.").waitFor();
  await page.getByText("So many rules for spam hit that the model was not asked.").waitFor();
  await page.getByText("the recipient has won or was selected").first().waitFor();
  await closePage(page);
});

test("a rule with an error is not saved, and the error leads to its line", async () => {
  const page = await openPage(server, "/ui/filter?edit=new");
  await ruleArea(page).fill("[[rule]]\nname = \"BAD\"\nscore = 2\npatern = 'x'\n");
  await page.getByText("unknown key 'patern'").waitFor();
  assert.equal(await page.getByRole("button", { name: "Save the rule" }).isDisabled(), true);
  await page.getByRole("button", { name: "Line 4" }).click();
  const selected = await ruleArea(page).evaluate((area) => area.value.slice(area.selectionStart, area.selectionEnd));
  assert.equal(selected, "patern = 'x'");
  await expectAccessible(page);
  await closePage(page);
});

test("a rule is written, tried on the history, saved, hits, is changed and deleted, each with undo", async () => {
  const page = await openPage(server, "/ui/filter");
  await page.getByRole("link", { name: "New rule" }).click();
  await ruleArea(page).fill("[[rule]]\nname = \"CHEMIST\"\ndescription = \"a chemist rings\"\nscore = 6\npattern = '(?i)the chemist rang'\n");
  await page.getByText("the rule hits 1").waitFor();
  await page.getByText("The rule speaks for spam, but also hits messages that are not spam.").waitFor();
  await page.getByRole("button", { name: "Save the rule" }).click();
  await toast(page, "The rule CHEMIST is in use.").waitFor();
  assert.deepEqual(await ownRules(), ["CHEMIST"]);
  assert.equal((await check(server, { text: "The chemist rang again" })).isSpam, true);

  await page.getByRole("link", { name: "Change CHEMIST" }).click();
  await ruleArea(page).waitFor();
  assert.match(await ruleArea(page).inputValue(), /the chemist rang/);
  await ruleArea(page).fill("[[rule]]\nname = \"PHARMACY\"\ndescription = \"a chemist rings\"\nscore = 0.5\npattern = '(?i)the chemist rang'\n");
  await page.getByRole("button", { name: "Save the rule" }).click();
  await toast(page, "The rule PHARMACY is in use.").waitFor();
  assert.deepEqual(await ownRules(), ["PHARMACY"]);
  await undo(page);
  await page.getByText("CHEMIST").first().waitFor();
  await eventually(async () => (await ownRules()).join() === "CHEMIST");

  await page.getByRole("button", { name: "Delete CHEMIST" }).click();
  await toast(page, "The rule CHEMIST is deleted.").waitFor();
  await page.getByRole("heading", { name: "You have no rules of your own yet" }).waitFor();
  await undo(page);
  await eventually(async () => (await ownRules()).join() === "CHEMIST");
  await page.getByRole("button", { name: "Delete CHEMIST" }).click();
  await eventually(async () => (await ownRules()).length === 0);
  await closePage(page);
});

test("a double click undoes one change", async () => {
  const rule = (name) => `[[rule]]\nname = "${name}"\nscore = 1\npattern = 'nothing like this'\n`;
  for (const name of ["FIRST", "SECOND"]) assert.equal((await ask(server, "PUT", `/v1/rules/${name}`, { rule: rule(name) })).status, 200);
  const page = await openPage(server, "/ui/filter?show=own");
  await page.getByText("SECOND").first().waitFor();
  let requests = 0;
  page.on("request", (request) => (requests += Number(request.url().endsWith("/v1/rules/undo"))));
  await page.getByRole("button", { name: "Undo the last change" }).dblclick();
  await toast(page, "The last change of the rules is undone.").waitFor();
  assert.equal(requests, 1);
  assert.deepEqual(await ownRules(), ["FIRST"]);
  await page.getByRole("button", { name: "Undo the last change" }).click();
  await eventually(async () => (await ownRules()).length === 0);
  await closePage(page);
});

test("the way back of a note brings its own rule back", async () => {
  const rule = (name) => `[[rule]]\nname = "${name}"\nscore = 1\npattern = 'nothing like this'\n`;
  for (const name of ["FIRST", "SECOND"]) assert.equal((await ask(server, "PUT", `/v1/rules/${name}`, { rule: rule(name) })).status, 200);
  const page = await openPage(server, "/ui/filter?show=own");
  for (const name of ["FIRST", "SECOND"]) {
    await page.getByRole("button", { name: `Delete ${name}` }).click();
    await toast(page, `The rule ${name} is deleted.`).waitFor();
  }
  await page.locator(".toast", { hasText: "The rule FIRST is deleted." }).getByRole("button", { name: "Undo", exact: true }).click();
  await eventually(async () => (await ownRules()).join() === "FIRST");
  assert.equal((await ask(server, "DELETE", "/v1/rules/FIRST")).status, 200);
  await closePage(page);
});

test("rules are searched, and hits lead to their messages", async () => {
  const page = await openPage(server, "/ui/filter");
  await page.getByPlaceholder("Search rules").fill("gift voucher");
  await page.waitForURL(/q=gift/);
  await page.getByRole("link", { name: /of them \d+ spam/ }).click();
  await page.waitForURL("**/ui/history?symbol=GIFT_CARD");
  await page.locator("li.message").filter({ hasText: "gift card" }).first().waitFor();
  await closePage(page);
});

test("senders are blocked, searched and taken off the list, with undo", async () => {
  const page = await openPage(server, "/ui/filter?tab=senders");
  await page.getByRole("heading", { name: "No sender is on a list" }).waitFor();
  await page.getByLabel("Address, telephone number or domain").fill("@casino.example");
  const release = await holdBack(page, "**/v1/senders/*");
  await page.getByRole("button", { name: "Block", exact: true }).click();
  await page.getByRole("button", { name: "Allow", exact: true, disabled: true }).waitFor(); // one after the other
  release();
  await toast(page, "@casino.example is blocked.").waitFor();
  await page.getByRole("cell", { name: "Blocked", exact: true }).waitFor();
  assert.equal((await check(server, { text: "Shall we meet?", sender: "eve@casino.example" })).isSpam, true);
  await page.getByLabel("Address, telephone number or domain").fill("joe@friends.example");
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  await page.getByRole("cell", { name: "joe@friends.example", exact: true }).waitFor();
  await page.getByPlaceholder("Search senders").fill("casino");
  await page.keyboard.press("Enter");
  await page.getByRole("cell", { name: "joe@friends.example", exact: true }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: /Take off the list.*@casino.example/ }).click();
  await toast(page, "@casino.example is on no list.").waitFor();
  await undo(page);
  await page.getByRole("cell", { name: "Blocked", exact: true }).waitFor();
  await closePage(page);
});

test("a sender that is refused stays in its field, with the reason", async () => {
  const page = await openPage(server, "/ui/filter?tab=senders", { allow: [422] });
  const field = page.getByLabel("Address, telephone number or domain");
  await field.fill("casino.example");
  await page.getByRole("button", { name: "Block", exact: true }).click();
  await toast(page, "@casino.example").waitFor();
  assert.equal(await field.inputValue(), "casino.example");
  const release = await holdBack(page, "**/v1/senders?*"); // the list, which what was done does not wait for
  await field.fill("@casino.example");
  await page.getByRole("button", { name: "Block", exact: true }).click();
  await toast(page, "@casino.example is blocked.").waitFor();
  assert.equal(await page.locator(".toast-bad").count(), 0);
  assert.equal(await field.inputValue(), "");
  release();
  await closePage(page);
});

test("a rule that was changed is not left without a question", async () => {
  const page = await openPage(server, "/ui/filter?edit=new");
  const views = page.getByRole("navigation", { name: "Views" });
  await ruleArea(page).waitFor();
  await views.getByRole("link", { name: "Models" }).click();
  await page.waitForURL("**/ui/models");
  await page.goBack();
  await ruleArea(page).fill("[[rule]]\nname = \"MINE\"\nscore = 1\npattern = 'x'\n");
  await views.getByRole("link", { name: "Models" }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.match(await ruleArea(page).inputValue(), /MINE/);
  await page.getByRole("link", { name: /Back to the rules/ }).click();
  await dialog.getByRole("button", { name: "Leave" }).click();
  await page.getByRole("heading", { name: "Rules", exact: true }).waitFor();
  await closePage(page);
});

test("the focus stays on a button that was pressed by key", async () => {
  const page = await openPage(server, "/ui/filter");
  await page.getByLabel("Message", { exact: true }).fill(kMessages[0].text);
  await page.getByRole("button", { name: "Check", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("This message is spam.").waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent.trim() === "Check");
  await closePage(page);
});

test("what was learned about senders is in words", async () => {
  await check(server, { text: "Buy now, pay never", sender: "shop@pushy.example" });
  await ask(server, "POST", "/v1/feedback", { text: "Buy now, pay never", sender: "shop@pushy.example", is_spam: true, feedback_type: "admin" });
  const learnt = async () => (await ask(server, "GET", "/v1/senders?list=learnt")).json.senders.some(({ sender }) => sender === "shop@pushy.example");
  await eventually(learnt, () => "nothing was learned about the sender");
  const page = await openPage(server, "/ui/filter?tab=senders&list=learnt");
  await page.getByRole("row", { name: /shop@pushy.example/ }).getByText("people report spam").waitFor();
  await closePage(page);
});

test("the mode of a user is set, changed and undone", async () => {
  const page = await openPage(server, "/ui/filter?tab=users");
  await page.getByRole("heading", { name: "No user has preferences" }).waitFor();
  const user = page.getByLabel("User", { exact: true });
  await user.fill("anna");
  await page.getByLabel("Mode", { exact: true }).selectOption("strict");
  const release = await holdBack(page, "**/v1/preferences?*"); // the list, which what was done does not wait for
  await page.getByRole("button", { name: "Save" }).click();
  await eventually(async () => (await user.inputValue()) === "", () => "the user is still in the field");
  release();
  const mode = page.getByLabel("Mode of anna");
  await mode.waitFor();
  assert.equal((await ask(server, "GET", "/v1/users/anna/preferences")).json.mode, "strict");
  await mode.selectOption("lenient");
  await toast(page, "anna: lenient from the next message on.").waitFor();
  await undo(page);
  await eventually(async () => (await ask(server, "GET", "/v1/users/anna/preferences")).json.mode === "strict");
  await closePage(page);
});

test("a mode that is refused is not shown as set", async () => {
  const page = await openPage(server, "/ui/filter?tab=users", { allow: [503] });
  await page.route("**/v1/users/anna/preferences", (route) => route.fulfill({ status: 503, contentType: "application/json", body: '{"error":"the store cannot be reached"}' }));
  const mode = page.getByLabel("Mode of anna");
  await mode.selectOption("lenient");
  await toast(page, "the store cannot be reached").waitFor();
  assert.equal(await mode.inputValue(), "strict");
  await closePage(page);
});

test("the must-pass list says what is right and what is wrong", async () => {
  const page = await openPage(server, "/ui/filter?tab=must-pass");
  await page.getByRole("heading", { name: "The must-pass list is empty" }).waitFor();
  await page.getByText("Add a message").first().click();
  await page.getByLabel("Message", { exact: true }).fill(kMessages[0].text);
  await page.getByRole("group", { name: "What it is" }).getByText("Spam", { exact: true }).click();
  await page.getByRole("button", { name: "Add a message" }).click();
  await page.getByText("The message gets the right verdict.").waitFor();
  await page.getByLabel("Message", { exact: true }).fill("Congratulations! You've won a $500 gift card. Click here now");
  await page.getByRole("group", { name: "What it is" }).getByText("Not spam").click();
  await page.getByRole("button", { name: "Add a message" }).click();
  await page.getByText("1 of 2 messages get the right verdict.").waitFor();
  await page.getByRole("group", { name: "Which messages" }).getByText("Wrong").click();
  await page.getByRole("cell", { name: /\$500 gift card/ }).first().waitFor();
  await page.getByRole("button", { name: "Take off the list" }).click();
  await page.getByText("The message gets the right verdict.").waitFor();
  await undo(page);
  await page.getByText("1 of 2 messages get the right verdict.").waitFor();
  await closePage(page);
});

test("what is typed while a message is added stays", async () => {
  const page = await openPage(server, "/ui/filter?tab=must-pass", { allow: [503] });
  await page.getByText("Add a message").first().click();
  const message = page.getByLabel("Message", { exact: true });
  await message.fill(kMessages[2].text);
  await page.getByLabel("Note").fill("a friend");
  const release = await holdBack(page, "**/v1/must-pass");
  await page.getByRole("button", { name: "Add a message" }).click();
  await message.fill("The next message");
  release();
  await page.waitForFunction(() => [...document.querySelectorAll(".must-pass-form input")].every((input) => input.value === ""));
  assert.equal(await message.inputValue(), "The next message");
  await page.getByRole("cell", { name: kMessages[2].text }).first().waitFor();
  await page.route("**/v1/must-pass", (route) => route.fulfill({ status: 503, contentType: "application/json", body: '{"error":"the server is busy"}' }));
  await page.getByRole("button", { name: "Check again" }).click();
  await page.getByText("the server is busy").waitFor();
  assert.equal(await message.inputValue(), "The next message");
  await closePage(page);
});

test("a server without a workspace shows rules that can't be changed", async () => {
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages() }, models: { spam: "messages.tsv" } });
  const plain = await startServer({ workspace: null, args: [join(workspace, "models", "spam"), "--filter"] });
  const page = await openPage(plain, "/ui/filter");
  await page.getByText("Rules can be read here, not changed").waitFor();
  assert.equal(await page.getByRole("link", { name: "New rule" }).count(), 0);
  await page.getByRole("tab", { name: "Senders" }).click();
  await page.getByRole("heading", { name: "This server keeps no history" }).waitFor();
  await page.getByRole("tab", { name: "Must-pass list" }).click();
  await page.getByRole("heading", { name: "The must-pass list needs a workspace" }).waitFor();
  await closePage(page);
});

for (const look of kLooks) {
  test(`the filter is accessible: ${look.name}`, async () => {
    for (const query of ["", "?edit=new", "?tab=senders", "?tab=users", "?tab=must-pass"]) {
      const page = await openPage(server, `/ui/filter${query}`, look);
      await settled(page);
      if (query === "") {
        await page.getByLabel("Message", { exact: true }).fill(kMessages[1].text);
        await page.getByRole("button", { name: "Check", exact: true }).click();
        await page.getByText("This message is").waitFor();
      }
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await closePage(page);
    }
  });
}
