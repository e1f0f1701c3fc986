// Signing in by key: wrong and right keys, what a role may see, signing out, a session that ends elsewhere.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { ask, closePage, eventually, exampleMessages, expectAccessible, expectNoSidewaysScroll, kLooks, makeWorkspace, newContext, openPage, startServer, winnow } from "./support.mjs";

const keys = {};
let server;

before(async () => {
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages() }, models: { spam: "messages.tsv" } });
  const file = join(workspace, "..", "keys.txt");
  for (const [name, role] of [
    ["anna", "admin"],
    ["carl", "classify"],
    ["fred", "feedback"],
  ]) {
    const added = await winnow("keys", "add", file, "--name", name, "--role", role);
    assert.equal(added.code, 0, added.stderr);
    keys[name] = added.stdout.trim().split(/\s+/).at(-1);
  }
  server = await startServer({ workspace, args: ["--api-key-file", file] });
});

for (const look of kLooks) {
  test(`the sign-in is accessible: ${look.name}`, async () => {
    const page = await openPage(server, "/ui/models", look);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await closePage(page);
  });
}

async function signIn(page, key) {
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("a wrong key is refused in words, the right one opens the view that was asked for", async () => {
  const page = await openPage(server, "/ui/models", { allow: [401] });
  await signIn(page, "no-such-key");
  await page.getByText("This key is not valid.").waitFor();
  await expectAccessible(page);
  await signIn(page, keys.anna);
  await page.getByRole("heading", { name: "Models", level: 1 }).waitFor();
  await page.getByText("Signed in as anna").waitFor();
  assert.equal(new URL(page.url()).pathname, "/ui/models");
  const cookie = (await page.context().cookies()).find((each) => each.name === "winnow_session");
  assert.ok(cookie?.httpOnly);
  assert.equal(cookie.sameSite, "Strict");
  await page.reload();
  await page.getByText("Signed in as anna").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.equal((await page.context().cookies()).length, 0);
  await closePage(page);
});

test("a key that may only classify sees Try and Models, and is told so elsewhere", async () => {
  const page = await openPage(server, "/ui/data", { allow: [401] });
  await signIn(page, keys.carl);
  await page.getByRole("heading", { name: "This view is for administrators" }).waitFor();
  await expectAccessible(page);
  const links = await page.getByRole("navigation").getByRole("link").allTextContents();
  assert.deepEqual(links.map((link) => link.trim()), ["Try", "Models"]);
  await page.getByRole("navigation").getByRole("link", { name: "Try" }).click();
  await page.getByLabel("Text", { exact: true }).fill("You won a prize");
  await page.locator("[data-model=spam] .verdict-large").waitFor();
  await page.getByRole("navigation").getByRole("link", { name: "Models" }).click();
  await page.locator("[data-model=spam]").waitFor();
  assert.equal(await page.getByRole("button", { name: "Make it the default" }).count(), 0);
  await closePage(page);
});

test("a key that may label begins with the review", async () => {
  const page = await openPage(server, "/ui/", { allow: [401] });
  await signIn(page, keys.fred);
  await page.waitForURL("**/ui/review");
  await page.getByRole("heading", { name: "Review", level: 1 }).waitFor();
  await page.getByRole("navigation").getByRole("link", { name: "Try" }).click();
  await page.waitForURL("**/ui/try");
  await page.getByRole("link", { name: "Winnow" }).first().click();
  await page.waitForURL("**/ui/review");
  await page.goto(`${server.url}/ui/data`);
  await page.getByText("Your key may classify and label texts").waitFor();
  await page.getByRole("main").getByRole("link", { name: "Review" }).click();
  await page.waitForURL("**/ui/review");
  await closePage(page);
});

test("what was written is there again after the session has ended and the same person signs in", async () => {
  const page = await openPage(server, "/ui/filter?edit=new", { allow: [401] });
  await signIn(page, keys.anna);
  const area = page.getByLabel("Rule", { exact: true });
  // The session ends with a request, which must be that for what is typed next.
  const tried = (words) => page.waitForResponse((response) => response.url().endsWith("/v1/rules/test") && response.ok() && response.request().postData().includes(words));
  const first = tried("MINE");
  await area.fill("[[rule]]\nname = \"MINE\"\nscore = 1\npattern = 'x'\n");
  await first;
  await page.getByRole("heading", { name: "On the history" }).waitFor();
  await page.context().clearCookies();
  await area.fill("[[rule]]\nname = \"MINE\"\nscore = 1\npattern = 'x' # a remark\n");
  await page.getByText("Your session has ended.").waitFor();
  assert.equal(await area.isVisible(), false);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Show the key" }).focus();
  await page.keyboard.type("gm"); // keys of the page do nothing now
  assert.equal(new URL(page.url()).pathname, "/ui/filter");
  const again = tried("a remark");
  await signIn(page, keys.anna);
  await area.waitFor();
  await again;
  assert.match(await area.inputValue(), /a remark/);
  // Somebody else doesn't see it.
  await page.context().clearCookies();
  await area.fill("more");
  await page.getByText("Your session has ended.").waitFor();
  await signIn(page, keys.carl);
  await page.getByRole("heading", { name: "This view is for administrators" }).waitFor();
  assert.equal(await page.locator("textarea").count(), 0);
  await closePage(page);
});

/** A colleague changes the file of the view, which the page then asks for. */
async function changeData(label) {
  const change = { remove: [], relabel: [{ row: 9, label }] };
  const { status } = await ask(server, "POST", "/v1/data/messages.tsv/changes", change, { Authorization: `Bearer ${keys.anna}` });
  assert.equal(status, 200);
}

/** Waits until the page hears of changes: without the session it could no longer open the stream of events. */
async function untilHearing(page) {
  const asked = page.waitForRequest("**/v1/data");
  await changeData("heard");
  await asked;
}

test("a dialog is there again after the session has ended, with what was written in it", async () => {
  const page = await openPage(server, "/ui/data/messages.tsv?tab=rows", { allow: [401] });
  await signIn(page, keys.anna);
  await page.getByLabel("Label of row 2", { exact: true }).waitFor();
  await untilHearing(page);
  await page.getByLabel("Label of row 2", { exact: true }).selectOption("Other label …");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("New label").fill("advertising");
  await page.context().clearCookies();
  await changeData("first");
  await page.getByText("Your session has ended.").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("name")), "key");
  await expectAccessible(page);
  await page.keyboard.press("Escape"); // there is no way around the sign-in
  await page.getByText("Your session has ended.").waitFor();
  await signIn(page, keys.anna);
  await page.getByText("Your session has ended.").waitFor({ state: "detached" });
  assert.equal(await dialog.getByLabel("New label").inputValue(), "advertising");
  await page.waitForFunction(() => document.activeElement?.value === "advertising");
  await page.waitForFunction(() => document.querySelector("[aria-label='Label of row 9']")?.value === "first"); // as it is now
  await page.keyboard.press("Enter");
  await page.getByText("1 row relabelled.").first().waitFor();
  // Somebody else sees neither the view nor its dialogs.
  await page.getByLabel("Label of row 3", { exact: true }).selectOption("Other label …");
  await dialog.getByLabel("New label").fill("of anna");
  await page.context().clearCookies();
  await changeData("second");
  await page.getByText("Your session has ended.").waitFor();
  await signIn(page, keys.carl);
  await page.getByRole("heading", { name: "This view is for administrators" }).waitFor();
  await eventually(async () => (await dialog.count()) === 0, () => "there is a dialog");
  await closePage(page);
});

test("a question is not answered by somebody else", async () => {
  const made = await ask(server, "POST", "/v1/review", { set: "mine", data: "messages.tsv" }, { Authorization: `Bearer ${keys.anna}` });
  assert.equal(made.status, 201);
  const page = await openPage(server, "/ui/review", { allow: [401] });
  await signIn(page, keys.anna);
  await page.getByRole("button", { name: "Delete mine" }).waitFor();
  await untilHearing(page);
  await page.getByRole("button", { name: "Delete mine" }).click();
  const question = page.getByRole("alertdialog");
  await question.waitFor();
  await page.context().clearCookies();
  await changeData("third");
  await page.getByText("Your session has ended.").waitFor();
  await signIn(page, keys.anna);
  await page.getByText("Your session has ended.").waitFor({ state: "detached" });
  await question.getByRole("button", { name: "Cancel" }).waitFor(); // the same person is still asked
  await page.context().clearCookies();
  await changeData("fourth");
  await page.getByText("Your session has ended.").waitFor();
  await signIn(page, keys.fred);
  await page.getByText("Signed in as fred").waitFor();
  await question.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "mine", exact: true }).waitFor();
  await closePage(page);
});

test("signing out in one tab leads the other to the sign-in with its next request", async () => {
  const context = await newContext();
  const first = await openPage(server, "/ui/models", { context, allow: [401] });
  await signIn(first, keys.anna);
  await first.getByRole("heading", { name: "Models", level: 1 }).waitFor();
  const second = await openPage(server, "/ui/try", { context, allow: [401] });
  await second.getByLabel("Text", { exact: true }).waitFor();
  await first.getByRole("button", { name: "Sign out" }).click();
  await first.getByRole("heading", { name: "Sign in" }).waitFor();
  await second.getByLabel("Text", { exact: true }).fill("You won a prize");
  await second.getByRole("heading", { name: "Sign in" }).waitFor();
  await closePage(first);
  await closePage(second);
  await context.close();
});
