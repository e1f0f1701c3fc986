// Takes the pictures of the web page in docs/images/page: every view, light, dark and at the width of a phone.
//
//   npm ci --prefix tests/browser && web/build.sh && node tools/screenshots.mjs [VIEW...]
//
// A real server with a workspace of made data is started, as in the browser tests. pngquant (Debian) makes the pictures small.
import { execFileSync } from "node:child_process";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ask, exampleMessages, kProject, makeWorkspace, newContext, openPage, startServer } from "../tests/browser/support.mjs";

const kDirectory = join(kProject, "docs/images/page");
const kMostBytes = 2_000_000;
const kLooks = [
  { name: "light", width: 1280, height: 800 },
  { name: "dark", dark: true, width: 1280, height: 800 },
  { name: "phone", width: 360, height: 740, phone: true },
];

/** The answer of a request that must succeed. */
async function must(server, method, path, body) {
  const { status, json } = await ask(server, method, path, body);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
  return json;
}

async function until(done, what) {
  for (const end = Date.now() + 120_000; !(await done()); ) {
    if (Date.now() > end) throw new Error(`${what} takes more than two minutes`);
    await new Promise((wake) => setTimeout(wake, 500));
  }
}

async function runJob(server, job) {
  const { id } = await must(server, "POST", "/v1/jobs", job);
  await until(async () => !["queued", "running"].includes((await must(server, "GET", `/v1/jobs/${id}`)).state), `the job ${id}`);
  return id;
}

/** Messages of the examples, with senders and users, in an order that is always the same. */
async function sendMessages(server) {
  const senders = ["+447700900123", "prizes@lucky-draw.example", "joe@friends.example", "news@shop.example", "parcel@dhl-fee.example"];
  const users = ["anna", "bob", "carol"];
  const lines = (await readFile(join(kProject, "examples/data/messages_must_pass.jsonl"), "utf8")).trim().split("\n");
  const listed = lines.map((line) => JSON.parse(line));
  const training = (await exampleMessages()).trim().split("\n").slice(1, 90);
  const texts = [...training.map((line) => line.split("\t").sort((a, b) => b.length - a.length)[0]), ...listed.map(({ text }) => text)];
  for (const [i, text] of texts.entries()) {
    await must(server, "POST", "/v1/messages/check", { text, sender: senders[(i * 7) % senders.length], user: users[i % users.length] });
  }
  for (const { text, label, sender = null, note = null } of listed.slice(0, 24)) {
    await must(server, "PUT", "/v1/must-pass", { text, isSpam: label === "spam", sender, note });
  }
}

async function changeThings(server) {
  const { messages } = await must(server, "GET", "/v1/history?limit=5");
  const label = { feedback_type: "admin" };
  await must(server, "POST", "/v1/feedback", { ids: messages.slice(1, 3).map(({ id }) => id), label: "spam", ...label });
  await must(server, "PUT", "/v1/senders/prizes%40lucky-draw.example", { list: "deny" });
  await must(server, "PUT", "/v1/senders/joe%40friends.example", { list: "allow" });
  await must(server, "PUT", "/v1/users/anna/preferences", { mode: "strict" });
  const rule = "[[rule]]\nname = \"CLAIM_A_PRIZE\"\ndescription = \"something is to be claimed\"\nscore = 2\npattern = '(?i)\\bclaim\\b|\\bprize\\b'\n";
  await must(server, "PUT", "/v1/rules/CLAIM_A_PRIZE", { rule });
}

/** Labels forty texts of the review as the data have them, so that there is something to measure. */
async function labelSome(server, set) {
  for (let round = 0; round < 8; ++round) {
    const { items } = await must(server, "GET", `/v1/review/next?set=${set}&count=5&reviewer=Ben`);
    const labels = items.map(({ item, given }) => (given ? { item, label: given } : { item, skip: true }));
    await must(server, "POST", "/v1/review/label", { set, reviewer: "Ben", labels });
  }
}

/** A server with models, jobs, a history and a review. Returns it and the id of a job. */
async function prepare() {
  const data = { "messages.tsv": await exampleMessages(), "to-review.tsv": await exampleMessages() };
  const workspace = await makeWorkspace({ data, models: { spam: "messages.tsv" } });
  const server = await startServer({ workspace });
  const job = await runJob(server, { kind: "train", data: "messages.tsv", model: "spam-svm", options: { kind: "svm" } });
  // A stream, which ends with the benchmark.
  const benchmark = await fetch(`${server.url}/api/benchmark/run?data=messages.tsv&save=1`, { headers: { "Sec-Fetch-Site": "same-origin" } });
  if (!(await benchmark.text()).includes('"complete"')) throw new Error("the benchmark has failed");
  await sendMessages(server);
  await until(async () => (await must(server, "GET", "/v1/history?limit=5")).messages.length === 5, "the history");
  await changeThings(server);
  await must(server, "POST", "/v1/review", { set: "spam-messages", data: "to-review.tsv", features: "tfidf" });
  await until(async () => (await must(server, "GET", "/v1/review/spam-messages")).state === "ready", "the review");
  await labelSome(server, "spam-messages");
  // The charts of the operation have a point for each full minute.
  await until(async () => (await must(server, "GET", "/v1/operation/history")).points.length > 1, "the second minute");
  return { server, job };
}

const kText = "Congratulations! You've won a $1000 gift card. Click here to claim";

/** What is done before a picture is taken, so that it shows more than an empty form. */
const kSteps = {
  async try(page) {
    await page.getByLabel("Text", { exact: true }).fill(kText);
    await page.locator(".score-bars").first().waitFor();
  },
  async history(page) {
    await page.getByRole("button", { name: "Why?" }).first().click();
  },
  async filter(page) {
    await page.getByLabel("Message", { exact: true }).fill(kText);
    await page.getByRole("button", { name: "Check", exact: true }).click();
    await page.getByText("This message is").waitFor();
  },
};

function viewsOf({ job }) {
  return {
    start: "/ui/",
    try: "/ui/try",
    data: "/ui/data",
    "data-file": "/ui/data/messages.tsv",
    benchmark: "/ui/benchmark",
    review: "/ui/review/spam-messages?reviewer=Anna",
    history: "/ui/history?text=Click+here",
    filter: "/ui/filter",
    rule: "/ui/filter?edit=CLAIM_A_PRIZE",
    models: "/ui/models",
    operate: "/ui/operate",
    job: `/ui/jobs/${job}`,
  };
}

/** Waits until what is on its way is there: at most ten seconds, since a view may keep a spinner. */
async function settle(page) {
  await page.waitForFunction(() => !document.querySelector(".spinner, .loading-note, [data-chart=loading]"), null, { timeout: 10_000 }).catch(() => null);
  await page.waitForTimeout(400);
}

async function take(server, name, path, look) {
  const context = await newContext(look);
  const page = await openPage(server, path, { context });
  await settle(page);
  await kSteps[name]?.(page);
  await settle(page);
  const file = join(kDirectory, `${name}-${look.name}.png`);
  await page.screenshot({ path: file });
  await context.close();
  execFileSync("pngquant", ["--force", "--skip-if-larger", "--speed", "1", "--strip", "--output", file, "64", file]);
  return (await stat(file)).size;
}

const wanted = process.argv.slice(2);
const prepared = await prepare();
let failed = false;
try {
  await mkdir(kDirectory, { recursive: true });
  let bytes = 0;
  for (const [name, path] of Object.entries(viewsOf(prepared))) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const look of kLooks) bytes += await take(prepared.server, name, path, look);
    console.log(`${name}: ${path}`);
  }
  console.log(`${bytes} bytes`);
  if (bytes > kMostBytes) throw new Error(`the pictures have ${bytes} bytes; at most ${kMostBytes} are kept in the repository`);
} catch (error) {
  console.error(error);
  failed = true;
} finally {
  await prepared.server.stop();
  await rm(dirname(prepared.server.workspace), { recursive: true, force: true });
}
process.exit(failed ? 1 : 0); // the browser ends with the process
