#include <fmt/format.h>

#include <algorithm>

#include "base/shell.h"
#include "server/openapi.h"
#include "text/html.h"

namespace winnow {
namespace {

/// Of Markdown what our descriptions use: `code`, and blank lines between paragraphs.
std::string Paragraphs(std::string_view markdown) {
  std::string html;
  while (!markdown.empty()) {
    const size_t end = std::min(markdown.find("\n\n"), markdown.size());
    html += "<p>";
    bool code = false;
    for (const char c : EscapedHtml(markdown.substr(0, end))) {
      if (c == '`') {
        code = !code;
        html += code ? "<code>" : "</code>";
      } else {
        html += c;
      }
    }
    html += "</p>\n";
    markdown.remove_prefix(std::min(end + 2, markdown.size()));
  }
  return html;
}

std::string TypeOf(const Json& schema) {
  if (const Json* const found = schema.Find("const"); found != nullptr) return found->dump();
  const auto either = [](const Json& list, const auto& name) {
    std::string names;
    for (const Json& each : list) {
      if (each.is_null() || each == "null") continue;  // the same as left out
      names += (names.empty() ? "" : " or ") + name(each);
    }
    return names;
  };
  if (const Json* const found = schema.Find("enum"); found != nullptr) {
    return either(*found, [](const Json& each) { return each.is_string() ? each.get<std::string>() : each.dump(); });
  }
  for (const char* const some : {"anyOf", "oneOf"}) {
    if (schema.contains(some) && !schema.contains("type")) return either(schema[some], TypeOf);
  }
  if (const Json* const found = schema.Find("$ref"); found != nullptr) {
    const auto path = found->get<std::string>();
    return path.substr(path.rfind('/') + 1);
  }
  const auto named = [&](const Json& type) -> std::string {
    if (type == "array" && schema.contains("items")) return "list of " + TypeOf(schema["items"]);
    return type.is_string() ? type.get<std::string>() : "anything";
  };
  const Json* const type = schema.Find("type");
  if (type == nullptr) return "anything";
  return type->is_array() ? either(*type, named) : named(*type);
}

/// The schema of the objects that this one is, or lists.
const Json* Objects(const Json& schema) {
  if (schema.contains("properties")) return &schema;
  if (schema.contains("items")) return Objects(schema["items"]);
  return nullptr;
}

/// Rows of a schema's fields, those of nested ones under "outer.inner". `asked`: it is a request's, else an answer's.
void FieldRows(const Json& schema, bool asked, const std::string& prefix, int depth, std::string& html) {
  const Json* const object = Objects(schema);
  if (object == nullptr || depth > 4) return;
  const Json required = object->value("required", Json::array());
  for (const auto& [name, field] : (*object)["properties"].items()) {
    const bool needed = std::ranges::find(required, Json(name)) != required.end();
    const char* const note =
        needed == asked ? (asked ? " <span class=\"when\">required</span>" : " <span class=\"when\">optional</span>")
                        : "";
    std::string type = EscapedHtml(TypeOf(field));
    if (field.contains("default")) type += ", default " + EscapedHtml(field["default"].dump());
    html += fmt::format("<tr><th scope=\"row\"><code>{}</code>{}</th><td>{}</td><td>{}</td></tr>\n",
                        EscapedHtml(prefix + name), note, type, EscapedHtml(field.value("description", "")));
    FieldRows(field, asked, prefix + name + (field.contains("items") ? "[]." : "."), depth + 1, html);
  }
}

std::string FieldTable(const Json& schema, bool asked) {
  const char* const title = asked ? "Request" : "Response";
  std::string rows;
  FieldRows(schema, asked, "", 0, rows);
  if (rows.empty()) {
    return schema.is_null() ? "" : fmt::format("<h4>{}</h4>\n<p>{}</p>\n", title, EscapedHtml(TypeOf(schema)));
  }
  return fmt::format(
      "<h4>{}</h4>\n<div class=\"scroll\"><table><thead><tr><th>Field</th><th>Type</th><th>Meaning</th></tr></thead>"
      "<tbody>\n{}</tbody></table></div>\n",
      title, rows);
}

std::string CurlLine(const Route& route) {
  std::string line = "curl ";
  if (route.method != "GET") line += "-X " + route.method + " ";
  line += "http://127.0.0.1:8080" + route.path;
  if (!route.docs.example.is_null()) {
    line += " -H 'Content-Type: application/json' -d " + ShellQuoted(route.docs.example.dump());
  }
  return "<pre class=\"curl\">" + EscapedHtml(line) + "</pre>\n";
}

std::string TryForm(const Route& route, const std::string& id) {
  std::string html = fmt::format("<form class=\"try\" data-method=\"{}\" data-path=\"{}\">\n",
                                 EscapedHtml(route.method), EscapedHtml(route.path));
  for (const std::string& name : ParametersOf(route)) {
    html += fmt::format("<label>{0} <input data-parameter=\"{0}\" required autocomplete=\"off\"></label>\n",
                        EscapedHtml(name));
  }
  if (!route.docs.request.is_null()) {
    html += fmt::format("<label>Body <textarea rows=\"5\" spellcheck=\"false\">{}</textarea></label>\n",
                        EscapedHtml(route.docs.example.is_null() ? "{}" : route.docs.example.dump(2)));
  }
  return html + fmt::format("<button>Send</button>\n<output id=\"{}-answer\"></output>\n</form>\n", id);
}

std::string RouteSection(const Route& route) {
  const std::string id = OperationId(route);
  std::string html = fmt::format(
      "<details class=\"route\" id=\"{}\"><summary><span class=\"method {}\">{}</span> <code>{}</code> "
      "<span class=\"says\">{}</span></summary>\n",
      id, route.method == "GET" ? "get" : "post", EscapedHtml(route.method), EscapedHtml(route.path),
      EscapedHtml(route.docs.summary));
  html += Paragraphs(route.docs.description);
  if (route.role != Role::kPublic) {
    html +=
        fmt::format("<p class=\"note\">If API keys are in use, the role {} is required.</p>\n", RoleName(route.role));
  }
  html += CurlLine(route) + TryForm(route, id);
  html += FieldTable(route.docs.request, true) + FieldTable(route.docs.answer, false);
  html += "<h4>Errors</h4>\n<ul class=\"errors\">\n";
  for (const int code : ErrorsOf(route)) {
    html += fmt::format("<li><b>{}</b> {}</li>\n", code, EscapedHtml(MeaningOf(code)));
  }
  return html + "</ul>\n</details>\n";
}

}  // namespace

std::string DocsPage(const std::vector<Route>& routes) {
  std::vector<std::string> tags;
  for (const Route& route : routes) {
    if (std::ranges::find(tags, route.docs.tag) == tags.end()) tags.push_back(route.docs.tag);
  }
  std::string sections;
  for (const std::string& tag : tags) {
    sections += fmt::format("<h2>{}</h2>\n", EscapedHtml(tag.empty() ? "Other" : tag));
    for (const Route& route : routes) {
      if (route.docs.tag == tag) sections += RouteSection(route);
    }
  }
  return fmt::format(R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Winnow: HTTP API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/docs.css">
<script src="docs/docs.js" defer></script>
</head>
<body>
<main>
<h1>Winnow</h1>
<p class="lead">HTTP API of this server. Version {}; machine-readable description:
<a href="openapi.json">openapi.json</a>. Errors have the form <code>{{"error", "error_type"}}</code>.</p>
<p class="key"><label>API key <input id="key" type="password" autocomplete="off"
placeholder="if the server requires one"></label></p>
{}</main>
</body>
</html>
)html",
                     WINNOW_VERSION, sections);
}

const char kDocsStyle[] = R"css(
:root { color-scheme: light dark; --paper: #fff; --card: #f6f8fa; --ink: #1f2328; --muted: #59636e; --line: #d1d9e0;
  --accent: #0b5cad; --get: #00634a; --post: #8a4b00; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --paper: #0d1117; --card: #161b22; --ink: #e6edf3; --muted: #9aa4ae;
  --line: #30363d; --accent: #6cb0ff; --get: #3fc79a; --post: #ffb454; --bad: #ff8a80; } }
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
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; margin: .5rem 0;
  white-space: pre-wrap; max-height: 24rem; overflow: auto; }
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
input, textarea { display: block; width: 100%; margin-top: .2rem; padding: .45rem .6rem; color: var(--ink);
  background: var(--card); border: 1px solid var(--line); border-radius: 6px; font-size: 1rem; }
textarea { resize: vertical; font-size: .85rem; }
.key { max-width: 28rem; }
button { font: inherit; padding: .4rem 1.1rem; color: var(--paper); background: var(--accent); border: 0;
  border-radius: 6px; cursor: pointer; }
button:disabled { opacity: .6; }
.try, .key { display: none; }
.scripted .try, .scripted .key { display: block; }
output { display: block; }
output .failed { color: var(--bad); }
)css";

const char kDocsScript[] = R"js("use strict";
// The forms of the page, and the server's own address in its lines for curl.
const root = new URL(location.pathname.replace(/docs\/?$/, ""), location.href);
const key = document.getElementById("key");
document.documentElement.classList.add("scripted");

for (const line of document.querySelectorAll(".curl")) {
  line.textContent = line.textContent.replace("http://127.0.0.1:8080/", root.href);
}

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
  const request = { method: form.dataset.method, headers: {} };
  if (key.value) request.headers.Authorization = "Bearer " + key.value;
  const body = form.querySelector("textarea");
  if (body) {
    request.headers["Content-Type"] = "application/json";
    request.body = body.value;
  }
  const begin = performance.now();
  try {
    const response = await fetch(new URL(path.slice(1), root), request);
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

for (const form of document.querySelectorAll("form.try")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    await send(form);
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
