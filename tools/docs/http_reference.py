#!/usr/bin/env python3
"""Writes docs/http-routes.md, the reference of all HTTP routes, from the OpenAPI documents of servers of the program.

    tools/docs/http_reference.py WINNOW            writes the page
    tools/docs/http_reference.py WINNOW --check    fails if the page is not what it would write

Which options a route needs follows from the servers that have it: one without options, and one for each option that adds routes.
"""
import argparse
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "http-routes.md"
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("WINNOW_")}
# Options that add routes, from the first server that has a route on: what a reader must add to 'winnow serve MODEL'.
SERVERS = [("", ["spam"]), ("`--filter`", ["spam", "--filter"]), ("`--filter --store`", ["spam", "--filter", "--store", "store.db"]),
           ("`--filter --apple-app-id`", ["spam", "--filter", "--apple-app-id", "TEAM.app"]), ("`--workspace`", ["spam", "--workspace", "workspace"]),
           ("`--registry`", ["--registry", "registry", "spam"])]

HEAD = """# HTTP routes

Every route of `winnow serve`, with all parameters and fields. This page is generated from the OpenAPI documents of the program (`./dev
docs`); a running server has its own at `GET /openapi.json`, and `GET /docs` shows it as a page on which routes can be tried.
[http.md](http.md) explains the routes with examples, and says what all of them have in common: [texts](http.md#texts), [model
names](http.md#model-names), [errors](http.md#errors), [access](serving.md#access-control).

**Role** is that of the API key which a route requires, if the server has API keys. **Needs** is the option of `winnow serve` without
which the route does not exist; a server with `--workspace` also has the routes of `--filter --store`. Names with dots are fields within
fields, and `[]` stands for each item of a list. A field of a request that is `null` counts as absent. Besides the statuses that a route
lists, every route may respond with those of [all routes](#statuses-of-all-routes).
"""


@contextmanager
def server(winnow, work, arguments):
    """The OpenAPI document of a server with these options."""
    log = work / "server.log"
    with open(log, "w", encoding="utf-8") as output:
        process = subprocess.Popen([winnow, "serve", *arguments, "--port", "0"], cwd=work, env=ENVIRONMENT, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 240
        while not (found := re.search(r"listening at (http://[\d.]+:\d+)", log.read_text(encoding="utf-8"))):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the server does not start:\n{log.read_text(encoding='utf-8')}")
            time.sleep(.02)
        with urllib.request.urlopen(found[1] + "/openapi.json", timeout=240) as response:
            yield json.load(response)
    finally:
        process.terminate()
        process.wait(240)


def documents(winnow):
    """(option, document) of each server."""
    found = []
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        for command in (["train", ROOT / "examples/data/messages.tsv", "--kind", "lr", "--C", "1", "--output-dir", "spam"],
                        ["registry", "push", "spam", "--registry", "registry", "--alias", "champion"]):
            subprocess.run([winnow, *command, "--quiet"], cwd=work, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
        for option, arguments in SERVERS:
            with server(winnow, work, arguments) as document:
                found.append((option, document))
    return found


class Writer:
    """Rows of tables and paragraphs for the operations of one document."""

    def __init__(self, document):
        self.document = document

    def resolved(self, node):
        while "$ref" in node:
            target = self.document
            for key in node["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            node = target
        return node

    def type_of(self, schema):
        """The type of a field in words, such as 'array of string' or '`strict`, `lenient`'."""
        if schema.get("$ref", "").endswith("/Text"):
            return "[text](http.md#texts)"
        schema = self.resolved(schema)
        if "enum" in schema:
            return ", ".join(f"`{value}`" for value in schema["enum"] if value is not None)
        for key in ("anyOf", "oneOf"):
            if key in schema and "type" not in schema:
                return " or ".join(dict.fromkeys(filter(None, map(self.type_of, schema[key]))))
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        words = []
        for kind in kinds:
            if kind == "array" and "items" in schema and (item := self.type_of(schema["items"])):
                words.append(f"array of {item}")
            elif kind != "null":
                words.append(kind)
        return " or ".join(words)

    @staticmethod
    def limits(schema):
        words = []
        for key, text in (("minimum", "at least {}"), ("exclusiveMinimum", "above {}"), ("maximum", "at most {}"), ("exclusiveMaximum", "below {}"),
                          ("minItems", "at least {} items"), ("maxItems", "at most {} items"), ("default", "default: `{}`")):
            # A maximum of 2^30 and more is that of the number's type.
            if key in schema and not (key == "maximum" and schema[key] >= 1 << 30) and not (key == "minItems" and schema[key] == 1):
                value = schema[key]
                words.append(text.format(json.dumps(value) if not isinstance(value, str) else value))
        return "; ".join(words)

    def meaning(self, schema):
        own = schema.get("description") or self.resolved(schema).get("description", "")
        limits = self.limits(self.resolved(schema))
        return f"{own} ({limits})".strip() if limits else own

    def fields(self, schema, prefix=""):
        """(name, type, meaning, required) of the fields of an object, and of those within."""
        if schema.get("$ref", "").endswith("/Text"):
            return []
        schema = self.resolved(schema)
        if "items" in schema:
            return self.fields(schema["items"], prefix + "[]")
        rows = []
        required = schema.get("required", [])
        for name, field in schema.get("properties", {}).items():
            path = f"{prefix}.{name}" if prefix else name
            rows.append((path, self.type_of(field), self.meaning(field), name in required))
            rows += self.fields(field, path)
        for key in ("oneOf", "anyOf"):
            for choice in schema.get(key, []) if "properties" not in schema else []:
                rows += [row for row in self.fields(choice, prefix) if row not in rows]
        return rows

    @staticmethod
    def table(head, rows):
        lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
        lines += ["| " + " | ".join(" ".join(str(cell).replace("|", "\\|").split()) for cell in row) + " |" for row in rows]
        return "\n".join(lines)

    @classmethod
    def compact(cls, value, room):
        """JSON of which a part has lines of its own only if it does not fit into one."""
        text = json.dumps(value, ensure_ascii=False)
        if len(text) <= room or not isinstance(value, (dict, list)) or not value:
            return text
        if isinstance(value, dict):
            parts = [f"{json.dumps(key, ensure_ascii=False)}: " + cls.compact(each, room - len(key) - 6) for key, each in value.items()]
        else:
            parts = [cls.compact(each, room - 2) for each in value]
        lines, line = [], ""
        for part in (each + ("," if i + 1 < len(parts) else "") for i, each in enumerate(parts)):
            if "\n" in part or len(line) + len(part) + 1 > room:
                lines += [line] if line else []
                line = part
            else:
                line = f"{line} {part}" if line else part
            if "\n" in part:
                lines.append(line)
                line = ""
        inner = "\n".join([*lines, *([line] if line else [])]).replace("\n", "\n  ")
        opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
        return f"{opening}\n  {inner}\n{closing}"

    @classmethod
    def example(cls, value):
        if not isinstance(value, str):
            value = cls.compact(value, 116)
        return "\n".join("    " + line for line in value.rstrip("\n").splitlines())

    def body(self, title, content):
        """Fields and example of a request or a response."""
        parts = []
        for kind, part in content.items():
            name = "JSON" if kind == "application/json" else f"`{kind}`"
            schema = part.get("schema", {})
            rows = self.fields(schema)
            if rows:
                parts.append(f"{title}, {name}:\n\n" + self.table(("field", "type", "meaning"),
                             [(f"`{path}`" + (", required" if needed and title == "Request" else ""), kind_of, meaning)
                              for path, kind_of, meaning, needed in rows]))
            else:
                own = self.resolved(schema).get("description", "") if schema else ""
                whole = self.type_of(schema) if schema else ""
                parts.append(f"{title}, {name}" + (f": {own.rstrip('.')}." if own else f": {whole}." if whole not in ("", "string", "object") else "."))
            if part.get("example") is not None:
                parts.append("Example:\n\n" + self.example(part["example"]))
        return parts

    def operation(self, method, path, operation, needs, common):
        parts = [f"### {method.upper()} {path}", operation["summary"].rstrip(".") + "."]
        if operation.get("description"):
            parts.append(operation["description"])
        parts.append(f"Role: {operation.get('x-role', 'none')}." + (f" Needs: {needs}." if needs else ""))
        if parameters := operation.get("parameters"):
            parts.append(self.table(("parameter", "in", "type", "meaning"),
                                    [(f"`{each['name']}`", each["in"], self.type_of(each["schema"]),
                                      each.get("description") or self.meaning(each["schema"])) for each in parameters]))
        if "requestBody" in operation:
            parts += self.body("Request", operation["requestBody"]["content"])
        others = []
        for status, response in operation["responses"].items():
            resolved = self.resolved(response)
            if status.startswith("2"):
                parts += self.body(f"Response {status}", resolved["content"]) if resolved.get("content") else [f"Response {status}, without a body."]
            elif status.startswith("3"):
                parts.append(f"Response {status}: a redirection.")
            elif status not in common:
                others.append(f"{status} ({resolved['description'][0].lower()}{resolved['description'][1:]})")
        if others:
            parts.append("Also: " + "; ".join(others) + ".")
        return "\n\n".join(parts)


def page(found):
    """The text of the page."""
    operations = {}  # (path, method) -> (operation, needs, writer)
    tags = []
    for option, document in found:
        writer = Writer(document)
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                operations.setdefault((path, method), (operation, option, writer))
        tags += [tag["name"] for tag in document["tags"] if tag["name"] not in tags]
    common = {"400", "401", "403", "413", "415", "422", "429", "500", "503"}
    parts = [HEAD.strip()]
    rows = []
    for tag in tags:
        for (path, method), (operation, needs, _) in operations.items():
            if operation["tags"] == [tag]:
                name = f"{method.upper()} {path}"
                anchor = re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-")
                rows.append((f"[{name}](#{anchor})", operation["summary"], operation.get("x-role", "-"), needs or "-"))
    parts.append("## All routes\n\n" + Writer.table(("route", "purpose", "role", "needs"), rows))
    for tag in tags:
        parts.append(f"## {tag}")
        for (path, method), (operation, needs, writer) in operations.items():
            if operation["tags"] == [tag]:
                parts.append(writer.operation(method, path, operation, needs, common))
    meanings = {}
    for _, document in found:
        for methods in document["paths"].values():
            for operation in methods.values():
                for status, response in operation["responses"].items():
                    if status in common:
                        meanings[status] = Writer(document).resolved(response)["description"]
    parts.append("## Statuses of all routes\n\n" + Writer.table(("status", "meaning"), sorted(meanings.items())) +
                 "\n\nGET routes have no 400, 413, 415 and 422 on account of a body, and routes without a role have no 401 and 403. [Errors](http.md#errors) "
                 "have the type and the message\nin their body.")
    return "\n\n".join(parts) + "\n"


def metrics():
    """The table of the metrics of GET /metrics, from the source that declares them: many appear only once they are counted."""
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "src/server").glob("metric*")) if "_test" not in path.name)
    texts = r'((?:\s*"(?:[^"\\\\]|\\\\.)*")+)'.replace("\\\\", "\\")
    found = re.findall(r'Build(\w+)\(\)\s*\.Name\("(\w+)"\)\s*\.Help\(' + texts, source) + re.findall(r'Make(\w+)\(\s*registry,\s*"(\w+)",' + texts, source)
    if not found:
        sys.exit("no metric is declared in src/server/metric*")
    rows = [(name, kind.lower(), "".join(re.findall(r'"([^"]*)"', help))) for kind, name, help in found]
    rows.sort(key=lambda row: (row[0].startswith("te_"), row[0]))
    return ("## Metrics\n\nThose of `GET /metrics` (`winnow_drift_...` and others of `winnow drift`: [drift.md](drift.md)). A histogram has the series `NAME_bucket`, `NAME_sum` and "
            "`NAME_count`. Metrics of a part that the server lacks, such as the filter, have no values.\n\n| metric | type | meaning |\n| --- | --- | --- |\n"
            + "".join(f"| `{name}` | {kind} | {help} |\n" for name, kind, help in rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    text = page(documents(arguments.winnow.resolve())).rstrip("\n") + "\n\n" + metrics()
    if not arguments.check:
        PAGE.write_text(text, encoding="utf-8")
    elif (old := PAGE.read_text(encoding="utf-8")) != text:
        print("\n".join(difflib.unified_diff(old.splitlines(), text.splitlines(), "page", "program", lineterm="")))
        sys.exit(f"{PAGE.relative_to(ROOT)} is not what the program has: run ./dev docs")


if __name__ == "__main__":
    main()
