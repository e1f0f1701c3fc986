/// The style sheet and the script of the page /docs.
#include "server/openapi.h"

namespace winnow {

const char kDocsStyle[] = R"css(
:root { color-scheme: light dark; --paper: #fff; --card: #f6f8fa; --ink: #1f2328; --muted: #59636e; --line: #d1d9e0;
  --accent: #0b5cad; --get: #00634a; --post: #8a4b00; --bad: #b3261e;
  --c0: #0072b2; --c1: #c05000; --c2: #00805d; --c3: #b04a86; --c4: #8a6a00; --c5: #2f7fae; --c6: #6e5fc7; --c7: #6a6a6a; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --card: #161b22; --ink: #e6edf3; --muted: #9aa4ae;
  --line: #30363d; --accent: #6cb0ff; --get: #3fc79a; --post: #ffb454; --bad: #ff8a80;
  --c0: #58a6ff; --c1: #ff9a52; --c2: #3fc79a; --c3: #e48bc0; --c4: #e3b341; --c5: #8fd0f5; --c6: #b3a5ff; --c7: #9a9a9a; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; }
h4 { font-size: .9rem; margin: 1.2rem 0 .3rem; }
p { margin: .5rem 0; max-width: 75ch; overflow-wrap: anywhere; }
a { color: var(--accent); }
.lead, .note, .says { color: var(--muted); }
.note { font-size: .875rem; }
code, pre, textarea, .method { font: .85em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
th code { overflow-wrap: normal; word-break: keep-all; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; margin: .5rem 0;
  white-space: pre-wrap; max-height: 24rem; overflow: auto; }
pre.example { max-height: none; }
details.route { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; padding: 0 .9rem; }
details.route[open] { padding-bottom: .9rem; }
summary { cursor: pointer; padding: .55rem 0; overflow-wrap: anywhere; }
summary:focus-visible, a:focus-visible, input:focus-visible, textarea:focus-visible, button:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px; }
.method { font-weight: 700; display: inline-block; min-width: 3rem; }
.get { color: var(--get); }
.post { color: var(--post); }
.says { font-size: .9rem; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: .875rem; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line);
  min-width: 7rem; }
thead th { color: var(--muted); font-weight: 600; }
tbody th { font-weight: 500; }
.when { color: var(--muted); font-size: .8em; }
.errors { list-style: none; margin: 0; padding: 0; font-size: .875rem; }
.errors b { display: inline-block; min-width: 2.5rem; }
label { display: block; font-size: .875rem; color: var(--muted); margin: .5rem 0; }
input, textarea, select { display: block; width: 100%; margin-top: .2rem; padding: .45rem .6rem; color: var(--ink);
  background: var(--card); border: 1px solid var(--line); border-radius: 6px; font-size: 1rem; }
textarea { resize: vertical; font-size: .85rem; }
button { font: inherit; padding: .4rem 1.1rem; color: var(--paper); background: var(--accent); border: 0;
  border-radius: 6px; cursor: pointer; }
select { appearance: auto; }
button:disabled { opacity: .6; }
.try, #classify { display: none; }
.scripted .try, .scripted #classify { display: block; }
#classify { margin: 1.25rem 0; padding: .6rem 1rem 1rem; border: 1px solid var(--line); border-radius: 8px; }
#classify textarea { font: inherit; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); gap: 0 1rem; margin-bottom: .4rem; }
output { display: block; }
.decided { font-size: 1.2rem; margin: 1rem 0 .5rem; }
.decided b { padding: .1em .5em; border-radius: 6px; color: var(--paper); }
.decided .other { background: var(--muted); }
.share { display: grid; grid-template-columns: minmax(5rem, 25%) 1fr 4.5rem; gap: .6rem; align-items: center;
  font-size: .9rem; margin: .2rem 0; overflow-wrap: anywhere; }
.share i { display: block; height: .8rem; border-radius: 4px; min-width: 2px; }
.share span:last-child { text-align: right; font-variant-numeric: tabular-nums; }
.c0 { background: var(--c0); } .c1 { background: var(--c1); } .c2 { background: var(--c2); } .c3 { background: var(--c3); }
.c4 { background: var(--c4); } .c5 { background: var(--c5); } .c6 { background: var(--c6); } .c7 { background: var(--c7); }
output .failed { color: var(--bad); }
@media (max-width: 640px) { table, tbody, tr, th, td { display: block; } thead { display: none; }
  tr { border-bottom: 1px solid var(--line); padding: .35rem 0; } th, td { border: 0; padding: .05rem 0; }
  td:empty { display: none; } td:nth-child(2):not(:last-child) { color: var(--muted); } }
)css";

const char kDocsScript[] = R"js("use strict";
// The forms of the page, and the server's own address in its lines for curl.
const root = new URL(location.pathname.replace(/docs\/?$/, ""), location.href);
const key = document.getElementById("key");
document.documentElement.classList.add("scripted");

for (const line of document.querySelectorAll(".curl")) {
  line.textContent = line.textContent.replace("http://127.0.0.1:8080/", root.href);
}

// The models in the head of the page and in the form, and the predictions of the form.
const form = document.getElementById("classify");
const picker = document.getElementById("model");
let models = [];

function element(tag, content, name) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...[content].flat());
  return made;
}

async function ask(method, path, body) {
  const request = { method, headers: {} };
  if (key.value) request.headers.Authorization = "Bearer " + key.value;
  if (body !== undefined) {
    request.headers["Content-Type"] = "application/json";
    request.body = body;
  }
  return fetch(new URL(path, root), request);
}

function chosen() {
  return models.find((model) => model.name + ":" + model.version === picker.value);
}

// A field for each field of the model's text template, else one for the text.
function showFields() {
  const template = (chosen()?.text_template ?? "").replace(/\{\{|\}\}/g, "");
  const names = [...new Set([...template.matchAll(/\{([^{}:]+)(?::\d+)?\}/g)].map((found) => found[1]))];
  const fields = document.getElementById("fields");
  const before = [...fields.querySelectorAll("textarea")].map((field) => field.value);
  fields.replaceChildren(...(names.length ? names : ["Text"]).map((name, i) => {
    const field = document.createElement("textarea");
    field.rows = names.length > 1 ? 2 : 3;
    field.value = before[i] ?? "";
    if (names.length) field.dataset.field = name;
    return element("label", [name + " ", field]);
  }));
}

async function loadModels() {
  const head = document.getElementById("models");
  let response;
  try {
    response = await ask("GET", "models");
    models = response.ok ? (await response.json()).models : [];
  } catch {
    models = [];
  }
  const refused = response?.status === 401 || response?.status === 403;
  const names = models.filter((model) => model.state === "loaded").map((model) => model.name + " " + model.version);
  head.textContent = refused ? "; models: enter an API key to see them"
    : "; models loaded: " + (names.join(", ") || "none");
  if (!models.length) return;
  const before = picker.value;
  picker.replaceChildren(...models.map((model) => {
    const option = new Option(model.name + " " + model.version + (model.default ? " (default)" : "")
      + (model.state === "failed" ? " (failed)" : ""), model.name + ":" + model.version);
    option.disabled = model.state === "failed";
    option.selected = before ? option.value === before : model.default;
    return option;
  }));
  showFields();
}

function percent(share) {
  return (100 * share).toFixed(1) + " %";
}

// A label has the colour of its position among the model's labels.
function colour(label, labels) {
  const index = labels.indexOf(label);
  return index < 0 ? "other" : "c" + index % 8;
}

function showPrediction(output, result, labels) {
  const undecided = result.abstained || result.decision === null;
  const names = undecided || result.out_of_scope ? [] : [result.decision].flat();
  const said = names.map((name) => element("b", name, colour(name, labels)));
  let note = names.length ? "" : "no label";
  if (undecided) note = "abstained; most probable: " + result.label;
  if (result.out_of_scope) note = "out of scope; nearest label: " + result.nearest_label;
  // The threshold, if it and not the highest probability made the decision.
  const single = typeof result.decision === "string" && result.decision !== result.scores[0]?.label;
  const moved = Array.isArray(result.decision) ? result.confidence < 0.5 : single && !result.out_of_scope;
  const threshold = moved && result.threshold !== undefined ? " (decision threshold " + percent(result.threshold) + ")" : "";
  const head = element("p", said.flatMap((one) => [one, " "]), "decided");
  head.append((note || percent(result.confidence)) + threshold);
  const bars = result.scores.slice(0, 12).map(({ label, score }) => {
    const bar = element("i", "", colour(label, labels));
    bar.style.width = percent(score).replace(" ", "");
    return element("div", [element("span", label), bar, element("span", percent(score))], "share");
  });
  output.replaceChildren(head, ...bars);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const output = document.getElementById("prediction");
  const fields = [...form.querySelectorAll("textarea")];
  const row = Object.fromEntries(fields.map((field) => [field.dataset.field, field.value]));
  const request = { text: fields[0].dataset.field ? row : fields[0].value, mode: form.querySelector("#mode").value };
  if (picker.value) request.model = picker.value;
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const response = await ask("POST", "v1/classify", JSON.stringify(request));
    const answer = await response.json();
    if (response.ok) {
      const labels = chosen()?.labels ?? answer.results[0].scores.map((score) => score.label).sort();
      showPrediction(output, answer.results[0], labels);
    } else {
      output.replaceChildren(element("p", response.status + ": " + answer.error, "failed"));
    }
  } catch (error) {
    output.replaceChildren(element("p", "No response: " + error, "failed"));
  }
  button.disabled = false;
});
picker.addEventListener("change", showFields);
key.addEventListener("change", loadModels);
loadModels();

function show(output, head, body, failed) {
  const title = document.createElement("p");
  title.textContent = head;
  title.className = failed ? "failed" : "";
  const text = document.createElement("pre");
  text.textContent = body;
  output.replaceChildren(title, text);
}

async function send(form) {
  const output = form.querySelector("output");
  let path = form.dataset.path;
  for (const input of form.querySelectorAll("[data-parameter]")) {
    path = path.replace("{" + input.dataset.parameter + "}", encodeURIComponent(input.value));
  }
  const begin = performance.now();
  try {
    const response = await ask(form.dataset.method, path.slice(1), form.querySelector("textarea")?.value);
    let text = await response.text();
    const took = Math.round(performance.now() - begin);
    try {
      text = JSON.stringify(JSON.parse(text), null, 2);
    } catch { /* shown as it came */ }
    const long = text.length > 100000;
    show(output, response.status + " " + response.statusText + ", " + took + " ms",
      long ? text.slice(0, 100000) + "\n..." : text, !response.ok);
  } catch (error) {
    show(output, "No response", String(error), true);
  }
}

for (const each of document.querySelectorAll("form.try")) {
  each.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = each.querySelector("button");
    button.disabled = true;
    await send(each);
    button.disabled = false;
  });
}

// A link to a route opens it.
function open() {
  const route = document.getElementById(location.hash.slice(1));
  if (route) route.open = true;
}
addEventListener("hashchange", open);
open();
)js";

}  // namespace winnow
