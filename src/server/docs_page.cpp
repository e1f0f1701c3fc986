#include <fmt/format.h>

#include <algorithm>

#include "base/shell.h"
#include "server/openapi.h"
#include "text/html.h"

namespace winnow {
namespace {

/// Returns `markdown` as HTML. Of Markdown it knows what our descriptions use: `code`, and blank lines between
/// paragraphs.
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
      if (each.is_null() || each == "null" || each["type"] == "null") continue;  // the same as left out
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
  const Json& resolved = Resolved(schema);
  if (resolved.contains("properties")) return &resolved;
  if (resolved.contains("items")) return Objects(resolved["items"]);
  return nullptr;
}

/// Returns the name of a field as HTML, with possible line breaks after dots only.
std::string FieldNameHtml(const std::string& name) {
  std::string html;
  for (const char c : EscapedHtml(name)) {
    html += c;
    if (c == '.') html += "<wbr>";
  }
  return html;
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
                        FieldNameHtml(prefix + name), note, type, EscapedHtml(field.value("description", "")));
    FieldRows(field, asked, prefix + name + (field.contains("items") ? "[]." : "."), depth + 1, html);
  }
}

std::string FieldTable(const Json& schema, bool asked, const std::string& title) {
  if (schema.contains("anyOf") && !schema.contains("properties")) {
    std::string html;
    for (const Json& each : schema["anyOf"]) {
      html += FieldTable(each, asked, title + ": " + each.value("description", TypeOf(each)));
    }
    return html;
  }
  const std::string head = fmt::format("<h4>{}</h4>\n", EscapedHtml(title));
  std::string rows;
  FieldRows(schema, asked, "", 0, rows);
  if (rows.empty()) return head + fmt::format("<p>{}</p>\n", EscapedHtml(TypeOf(schema)));
  const std::string lists = schema.contains("items")
                                ? fmt::format("<p>A {}, each with these fields:</p>\n", EscapedHtml(TypeOf(schema)))
                                : "";
  return head + lists +
         fmt::format(
             "<div class=\"scroll\"><table><thead><tr><th>Field</th><th>Type</th><th>Meaning</th></tr></thead>"
             "<tbody>\n{}</tbody></table></div>\n",
             rows);
}

std::string ExampleAnswer(const Json& example) {
  if (example.is_null()) return "";
  return "<h4>Example response</h4>\n<pre class=\"example\">" +
         EscapedHtml(example.is_string() ? example.str() : example.dump(2)) + "</pre>\n";
}

std::string ExampleRequest(const Json& example) {
  if (example.is_null()) return "{}";
  return example.is_string() ? example.str() : example.dump(2);
}

std::string CurlLine(const Route& route) {
  std::string line = "curl ";
  if (route.method != "GET") line += "-X " + route.method + " ";
  line += "http://127.0.0.1:8080" + route.path;
  if (!route.docs.example.is_null()) {
    const bool json = route.docs.request_type == "application/json";
    line += " -H 'Content-Type: " + route.docs.request_type + "' " +
            (json ? "-d " + ShellQuoted(route.docs.example.dump()) : "--data-binary @FILE");
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
                        EscapedHtml(ExampleRequest(route.docs.example)));
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
  html += CurlLine(route) + ExampleAnswer(route.docs.answer_example) + TryForm(route, id);
  if (!route.docs.query.is_null()) html += FieldTable(route.docs.query, true, "Query");
  if (!route.docs.headers.is_null()) html += FieldTable(route.docs.headers, true, "Header fields");
  if (!route.docs.request.is_null()) html += FieldTable(route.docs.request, true, "Request");
  if (!route.docs.answer.is_null()) html += FieldTable(route.docs.answer, false, "Response");
  html += "<h4>Errors</h4>\n<ul class=\"errors\">\n";
  for (const int code : ErrorsOf(route)) {
    html += fmt::format("<li><b>{}</b> {}</li>\n", code, EscapedHtml(MeaningOf(code)));
  }
  return html + "</ul>\n</details>\n";
}

/// Returns a table of all statuses of errors, with examples.
std::string ErrorSection() {
  std::string rows;
  for (const ErrorStatus& status : ErrorStatuses()) {
    const Json example = status.Example();
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>\n", status.code,
                        EscapedHtml(status.meaning),
                        example.is_null() ? "" : "<code>" + EscapedHtml(example.dump()) + "</code>");
  }
  return "<h2 id=\"errors\">Errors</h2>\n<p>An error is an object with <code>error</code>, a message that says what is "
         "wrong, and <code>error_type</code>. A response with status 429 has the header <code>Retry-After</code>: the "
         "number of seconds to wait.</p>\n<div class=\"scroll\"><table><thead><tr><th>Status</th><th>Meaning</th>"
         "<th>Example</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div>\n";
}

/// A form that classifies one text. The script fills in the models, and a field for each field of a model's template.
constexpr char kTextForm[] = R"html(<form id="classify">
<div id="fields"><label>Text <textarea rows="3">You won a prize, claim it now</textarea></label></div>
<div class="row">
<label>Model <select id="model"><option value="">default model</option></select></label>
<label>Mode <select id="mode"><option value="strict">strict: flags most</option><option selected>moderate</option>
<option value="lenient">lenient: flags least</option></select></label>
<label>API key <input id="key" type="password" autocomplete="off" placeholder="if the server requires one"></label>
</div>
<button>Classify</button>
<output id="prediction"></output>
</form>
)html";

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
<p class="lead">HTTP API of this server. Version {}<span id="models"></span>. Machine-readable description:
<a href="openapi.json">openapi.json</a>. <a href="#errors">Errors</a> have the form
<code>{{"error", "error_type"}}</code>.</p>
{}{}{}</main>
</body>
</html>
)html",
                     WINNOW_VERSION, kTextForm, sections, ErrorSection());
}

}  // namespace winnow
