// Start: a newcomer with a file, who never uses a terminal, gets to a trained model and tries it.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";
import { ask, closePage, exampleMessages, expectAccessible, expectNoSidewaysScroll, holdBack, kLooks, openPage, startServer, temporaryDirectory } from "./support.mjs";

let server;
let directory;

before(async () => {
  server = await startServer();
  directory = await temporaryDirectory();
});

async function fileNamed(name, contents) {
  const path = join(directory, name);
  await writeFile(path, contents);
  return path;
}

const upload = (page, path) => page.locator("[data-file-input]").setInputFiles(path);

test("from a file to a trained model to a classified text", async () => {
  const page = await openPage(server, "/ui/");
  await upload(page, await fileNamed("my messages.tsv", await exampleMessages()));
  await page.getByText("600 texts with 2 labels.").waitFor();
  await page.waitForFunction(() => document.activeElement?.dataset.step === "2");
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.getByText(/is ready\./).waitFor();
  await page.getByRole("button", { name: /Of 100 texts it gets about 9\d right/ }).waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByLabel("Text", { exact: true }).fill("You won a prize, claim it now at win-big.example");
  await page.locator(".verdict-large strong").waitFor();
  assert.equal(await page.locator(".verdict-large strong").textContent(), "spam");
  await closePage(page);
});

test("a file can be dropped", async () => {
  const page = await openPage(server, "/ui/");
  const text = "text,label\n" + Array.from({ length: 40 }, (_, i) => `${i % 2 ? "red" : "blue"} thing ${i},${i % 2 ? "r" : "b"}`).join("\n");
  await page.locator(".file-picker").evaluate((target, contents) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([contents], "colors.csv", { type: "text/csv" }));
    for (const type of ["dragover", "drop"]) target.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, text);
  await page.getByText("40 texts with 2 labels.").waitFor();
  await closePage(page);
});

test("what becomes of an upload is said under Data to who has left the view", async () => {
  const page = await openPage(server, "/ui/");
  const release = await holdBack(page, "**/v1/data/left.csv?*");
  await upload(page, await fileNamed("left.csv", "text,label\na b c,x\nd e f,y\n"));
  await page.getByRole("progressbar", { name: "Upload" }).waitFor();
  await page.getByRole("navigation").getByRole("link", { name: "Data" }).click();
  await page.locator(".upload-sending").waitFor();
  release();
  await page.locator(".upload-done").getByText("left.csv").first().waitFor();
  await closePage(page);
  await ask(server, "DELETE", "/v1/data/left.csv");
});

test("wrong files are refused in words, and nothing is trained", async () => {
  const page = await openPage(server, "/ui/", { allow: [422] });
  await upload(page, await fileNamed("picture.png", Buffer.from("89504e470d0a1a0a0000000d49484452", "hex")));
  await page.locator(".note-bad").waitFor();
  assert.match(await page.locator(".note-bad").textContent(), /image|picture/i);
  await expectAccessible(page);
  await upload(page, await fileNamed("no-labels.csv", "number,amount\n1,2\n3,4\n"));
  await page.locator(".step-body .note-bad").waitFor();
  assert.equal(await page.getByRole("button", { name: "Train", exact: true }).isDisabled(), true);
  await page.getByRole("button", { name: "Take another file" }).click();
  await upload(page, await fileNamed("one-label.csv", "text,label\na b c,x\nd e f,x\n"));
  await page.getByText("at least two labels").waitFor();
  assert.equal(await page.getByRole("button", { name: "Train", exact: true }).isDisabled(), true);
  await closePage(page);
});

for (const look of kLooks) {
  test(`a sample by one click, a reload at each step, and all of it accessible: ${look.name}`, async () => {
    const page = await openPage(server, "/ui/", look);
    const check = async () => {
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
    };
    await page.getByText("No file at hand?").waitFor();
    await check();
    await page.getByRole("button", { name: /made-up/ }).click();
    await page.getByText("The first texts").waitFor();
    await page.reload();
    await page.getByText("The first texts").waitFor();
    await check();
    await page.getByLabel("Name of the model").fill(`sample-${look.name}`);
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.getByText(`sample-${look.name} is ready.`).waitFor();
    await page.reload();
    await page.getByText(`sample-${look.name} is ready.`).waitFor();
    await check();
    await page.getByRole("button", { name: "Train another" }).click();
    await page.getByText("No file at hand?").waitFor();
    await closePage(page);
  });
}

test("the page of a job shows its log and outlives a restart of the server", async () => {
  const started = await ask(server, "POST", "/v1/jobs", {
    kind: "train",
    data: "sample-messages.tsv",
    model: "long",
    options: { "base-model": "scratch", epochs: 1000 }, // it goes on until somebody ends it
  });
  assert.equal(started.status, 200, JSON.stringify(started.json));
  const page = await openPage(server, `/ui/jobs/${started.json.id}`, { allow: ["offline", 502, 503] });
  await page.getByText(/epoch \d+\/1000/).first().waitFor();
  await server.restart("SIGTERM");
  await page.getByText(/interrupted/i).first().waitFor();
  await page.getByRole("button", { name: /go on|resume|continue/i }).click();
  await page.locator("[data-job][data-state=running]").getByRole("button", { name: "Cancel" }).click();
  await page.locator("[data-job][data-state=cancelled]").waitFor();
  await expectAccessible(page);
  await closePage(page);
});

test("a server without a workspace says how to get one", async () => {
  const model = join(server.workspace, "models", "sample-light");
  const bare = await startServer({ workspace: null, args: [model] });
  const page = await openPage(bare, "/ui/");
  await page.getByRole("heading", { name: "This server has no workspace" }).waitFor();
  await expectAccessible(page);
  await closePage(page);
});
