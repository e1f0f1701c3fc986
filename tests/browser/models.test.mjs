// Models: what there is, the difference of two, removing and the way back, switching; versions of a registry.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { ask, closePage, exampleMessages, expectAccessible, expectNoSidewaysScroll, holdBack, kLooks, makeWorkspace, openPage, startServer, temporaryDirectory, winnow } from "./support.mjs";

let server;

before(async () => {
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages() }, models: { spam: "messages.tsv", other: "messages.tsv" } });
  const svm = await winnow("train", join(workspace, "data", "messages.tsv"), "--kind", "svm", "--output-dir", join(workspace, "models", "third"));
  assert.equal(svm.code, 0, svm.stderr);
  server = await startServer({ workspace });
  assert.equal((await ask(server, "POST", "/models/switch", { model: "spam" })).status, 200);
});

for (const look of kLooks) {
  test(`list, difference and details are accessible: ${look.name}`, async () => {
    for (const [path, ready] of [
      ["/ui/models?a=spam&b=third", "text=Macro-F1"],
      ["/ui/models/spam", "[data-chart=ready]"],
    ]) {
      const page = await openPage(server, path, look);
      await page.locator(ready).first().waitFor();
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await closePage(page);
    }
  });
}

test("a model is described in words, with the metric behind them", async () => {
  const page = await openPage(server, "/ui/models/spam");
  const words = page.getByRole("button", { name: /Of 100 texts it gets about 9\d right/ });
  await words.focus();
  await page.getByRole("tooltip").getByText(/accuracy \.9\d\d \[\.9\d\d, \.9\d\d\]/).first().waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("Model card").click();
  await page.getByRole("heading", { name: "Intended use" }).waitFor();
  await expectAccessible(page);
  await closePage(page);
});

test("two models are compared by check boxes, and the choice is in the address", async () => {
  const page = await openPage(server, "/ui/models");
  await page.getByLabel("Compare spam").check();
  await page.getByText("Choose a second model").waitFor();
  await page.getByLabel("Compare third").check();
  await page.getByRole("heading", { name: "spam and third" }).waitFor();
  await page.getByText("may differ by chance").waitFor();
  assert.match(page.url(), /a=spam&b=third/);
  await page.locator("summary", { hasText: "of the training" }).click();
  await page.getByRole("row", { name: "kind lr svm" }).waitFor();
  await closePage(page);
});

test("a model is removed and comes back", async () => {
  const page = await openPage(server, "/ui/models", { allow: [404] });
  const names = async () => (await ask(server, "GET", "/v1/workspace/models")).json.models.map((model) => model.name).sort();
  await page.locator("[data-model=other]").getByRole("button", { name: "Remove" }).click();
  await page.locator("[data-model=other]").waitFor({ state: "detached" });
  assert.deepEqual(await names(), ["spam", "third"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.locator("[data-model=other]").waitFor();
  assert.deepEqual(await names(), ["other", "spam", "third"]);
  assert.equal(await page.locator("[data-model=spam]").getByRole("button", { name: "Remove" }).count(), 0, "the default can't be removed");
  await closePage(page);
});

test("the default is switched, kept over a restart, and switched back to the former", async () => {
  const page = await openPage(server, "/ui/models", { allow: ["offline"] });
  await page.locator("[data-model=third]").getByRole("button", { name: "Make it the default" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Switch to third" }).click();
  await page.getByRole("heading", { name: "third answers" }).waitFor();
  await closePage(page);
  await server.restart();
  const again = await openPage(server, "/ui/models");
  await again.getByRole("heading", { name: "third answers" }).waitFor();
  await again.getByRole("button", { name: "Back to spam" }).click();
  await again.getByRole("alertdialog").getByRole("button", { name: "Switch to spam" }).click();
  await again.getByRole("heading", { name: "spam answers" }).waitFor();
  await closePage(again);
});

test("what changes elsewhere appears by itself", async () => {
  const page = await openPage(server, "/ui/models");
  await page.getByRole("heading", { name: "spam answers" }).waitFor();
  assert.equal((await ask(server, "POST", "/models/switch", { model: "other" })).status, 200);
  await page.getByRole("heading", { name: "other answers" }).waitFor();
  assert.equal((await ask(server, "POST", "/models/switch", { model: "spam" })).status, 200);
  await page.getByRole("heading", { name: "spam answers" }).waitFor();
  await closePage(page);
});

test("versions of a registry are promoted and rolled back; an experiment begins and stops; a retraining says why it trained nothing", async () => {
  const directory = await temporaryDirectory();
  const registry = join(directory, "registry");
  for (const version of ["1.0.0", "1.1.0"]) {
    const model = join(directory, `spam-${version}`);
    const kind = version === "1.0.0" ? "lr" : "svm";
    const steps = [
      ["train", join(server.workspace, "data", "messages.tsv"), "--kind", kind, "--model-version", version, "--output-dir", model],
      ["registry", "push", model, "--name", "spam", "--registry", registry, ...(version === "1.0.0" ? ["--alias", "champion"] : [])],
    ];
    for (const step of steps) {
      const done = await winnow(...step);
      assert.equal(done.code, 0, done.stderr);
    }
  }
  const workspace = await makeWorkspace({ data: { "messages.tsv": await exampleMessages() } });
  const following = await startServer({ workspace, args: ["--registry", registry, "spam", "--filter", "--store", `sqlite:${join(directory, "store.db")}`] });
  const page = await openPage(following, "/ui/models", { allow: [404] }); // there was no experiment yet
  await page.getByText("spam 1.0.0 is the champion.").waitFor();
  await expectAccessible(page);
  const release = [await holdBack(page, "**/v1/registry/spam/ab"), await holdBack(page, "**/v1/jobs?kind=retrain*")];
  await page.reload();
  await page.getByRole("heading", { name: "Retraining" }).waitFor();
  for (const none of ["No experiment was made with this model.", "Nobody has retrained a model here yet."]) {
    assert.equal(await page.getByText(none).count(), 0, "nothing is known yet");
  }
  for (const each of release) each();
  await page.getByText("No experiment was made with this model.").waitFor();
  await page.getByText("Nobody has retrained a model here yet.").waitFor();
  await page.getByRole("row", { name: /1\.1\.0/ }).getByRole("button", { name: "Promote" }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByText("in place of 1.0.0").waitFor();
  await dialog.getByRole("button", { name: "Promote" }).click();
  await page.getByText("spam 1.1.0 is the champion.").waitFor();
  await page.getByRole("button", { name: "Roll back to 1.0.0" }).click();
  await dialog.getByRole("button", { name: "Roll back" }).click();
  await page.getByText("spam 1.0.0 is the champion.").waitFor();
  await page.getByText("What was changed").click();
  await page.getByText("champion: 1.0.0 to 1.1.0").waitFor();

  await page.getByRole("button", { name: "Begin the experiment" }).click();
  await dialog.getByRole("button", { name: "Begin the experiment" }).click();
  await page.getByText("Version 1.1.0 against 1.0.0.").waitFor();
  await page.getByText("10 % of the users get it.").waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Stop the experiment" }).click();
  await dialog.getByRole("button", { name: "Stop the experiment" }).click();
  await page.getByText("Stopped", { exact: true }).waitFor();
  await page.locator("summary", { hasText: "Decisions" }).click();
  await page.getByRole("listitem").getByText("stopped", { exact: true }).waitFor();

  assert.equal(await page.getByRole("button", { name: "Retrain" }).isDisabled(), true, "a retraining needs data");
  await page.getByLabel("Data of the first training").selectOption("messages.tsv");
  await page.getByRole("button", { name: "Retrain" }).click();
  await dialog.getByRole("button", { name: "Retrain" }).click();
  await page.waitForURL("**/ui/jobs/*");
  await page.getByText("Nothing was trained:").waitFor();
  await expectAccessible(page);
  await closePage(page);
});
