// What the tests of the review share: data files, and a person who labels by keys alone.
import assert from "node:assert/strict";
import { ask, eventually, exampleMessages } from "./support.mjs";

/** The first `count` messages of the example data: [{ label, text }]. */
export async function messages(count) {
  const rows = (await exampleMessages()).trim().split("\n").slice(1, count + 1);
  return rows.map((row) => {
    const [label, text] = row.split("\t");
    return { label, text };
  });
}

/** A file of texts without labels. */
export const unlabelled = (rows) => `${["text", ...rows.map((row) => row.text)].join("\n")}\n`;

/** A data file with labels. */
export const labelled = (rows) => `${["label\ttext", ...rows.map((row) => `${row.label}\t${row.text}`)].join("\n")}\n`;

/** Creates a review by the API and waits until its texts are prepared. */
export async function createReview(server, body) {
  const created = await ask(server, "POST", "/v1/review", body);
  assert.equal(created.status, 201, JSON.stringify(created.json));
  await prepared(server, body.set);
}

export async function prepared(server, set) {
  const isReady = async () => {
    const { json } = await ask(server, "GET", `/v1/review/${set}`);
    assert.notEqual(json.state, "failed", json.error);
    return json.state === "ready";
  };
  await eventually(isReady, () => `the review ${set} is not prepared`);
}

/** Waits until `holds(review)` of what the server says about a review: the page sends labels behind what it shows. */
export async function untilReview(server, set, holds, headers = {}) {
  let review;
  const held = async () => holds((review = (await ask(server, "GET", `/v1/review/${set}`, undefined, headers)).json));
  await eventually(held, () => `${holds} does not hold of ${JSON.stringify(review)}`);
}

/** Waits until the server has `count` labels of a review. */
export const untilLabelled = (server, set, count, headers) => untilReview(server, set, ({ labelled }) => labelled === count, headers);

const kBody = ".item-body";
export const textOf = (page) => page.locator(kBody).evaluate((body) => body.textContent.trim());

/** Waits for the next text after `before`, or for the end of the queue. */
export async function nextText(page, before) {
  await page.waitForFunction(([body, old]) => document.querySelector(body)?.textContent.trim() !== old, [kBody, before]);
}

/**
 * Labels `count` texts by keys, each as `keyOf(text)` says, and waits for the next one each time. Returns the texts that were
 * labelled. Where `pause` is given, it rests so many milliseconds over each text, as a reader does.
 */
export async function labelByKeys(page, count, keyOf, pause = 0) {
  const texts = [];
  for (let i = 0; i < count; ++i) {
    const text = await textOf(page);
    texts.push(text);
    if (pause > 0) await page.waitForTimeout(pause);
    await page.keyboard.press(keyOf(text));
    await nextText(page, text);
  }
  return texts;
}

/**
 * How long each of `count` next texts took to appear, in milliseconds, as the page has measured it: in the frame after a text
 * is in the document, which the last one may still wait for.
 */
export async function waits(page, count) {
  await page.waitForFunction((wanted) => performance.getEntriesByName("review:shown").length >= wanted, count);
  return page.evaluate(() => performance.getEntriesByName("review:shown").map((entry) => entry.duration));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
