"""A page in headless Chromium, as a reader would see it. Standard library alone."""
import html
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile

PROGRAM = next((path for path in map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")) if path), None)

# Our own page around the one that is looked at, whose policy lets no script run. A frame is as wide as we please.
WRAPPER = """<!DOCTYPE html><meta charset="utf-8"><style>body{{margin:0}}iframe{{border:0;width:{width}px;height:9000px}}</style>
<iframe id="page" src="{page}"></iframe><pre id="seen"></pre>
<script>
document.getElementById("page").addEventListener("load", (event) => {{
  const page = event.target.contentDocument, view = event.target.contentWindow;
  const all = [...page.querySelectorAll("*")];
  const inScroller = (e) => e.closest(".scroll, .message");
  const seen = {{
    scrollWidth: page.scrollingElement.scrollWidth, innerWidth: view.innerWidth,
    wide: all.filter((e) => !inScroller(e) && e.getBoundingClientRect().right > view.innerWidth + 1).map((e) => e.tagName + "." + e.className),
    background: view.getComputedStyle(page.body).backgroundColor,
    charts: [...page.querySelectorAll("svg")].map((e) => [e.getBoundingClientRect().width, e.getBoundingClientRect().height, e.textContent]),
    strokes: [...new Set([...page.querySelectorAll("svg path")].map((e) => view.getComputedStyle(e).stroke))],
    headings: [...page.querySelectorAll("h1, h2")].map((e) => e.innerText),
    title: page.title, text: page.body.innerText, scripts: page.scripts.length,
    odd: all.filter((e) => [...e.attributes].some((a) => a.name.startsWith("on") || /^(src|href|xlink:href|action)$/.test(a.name))).map((e) => e.outerHTML.slice(0, 80)),
  }};
  document.getElementById("page").remove();
  document.getElementById("seen").textContent = JSON.stringify(seen);
}});
</script>"""


def run(arguments, dark):
    with tempfile.TemporaryDirectory(prefix="winnow-chromium-", ignore_cleanup_errors=True) as profile:
        command = [PROGRAM, "--headless", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage", "--allow-file-access-from-files",
                   "--enable-logging=stderr", f"--user-data-dir={profile}", f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        result = subprocess.run([*command, *arguments], capture_output=True, timeout=300, check=True)
    log = result.stderr.decode("utf-8", "replace")
    return result.stdout.decode("utf-8", "replace"), re.findall(r"CONSOLE.*", log)


def look(page, width, dark=False):
    """What is seen of a file at that width: see WRAPPER; and "console", its messages."""
    wrapper = page + f".{width}.wrapper.html"
    with open(wrapper, "w", encoding="utf-8") as file:
        file.write(WRAPPER.format(width=width, page=os.path.basename(page)))
    dom, console = run(["--virtual-time-budget=10000", "--dump-dom", "file://" + wrapper], dark)
    os.remove(wrapper)
    seen = json.loads(html.unescape(re.search(r'<pre id="seen">(.*?)</pre>', dom, re.DOTALL).group(1)))
    return {**seen, "console": console}


def screenshot(page, file, width, height, dark=False):
    """Returns (width, height, bytes) of the PNG."""
    run([f"--window-size={width},{height}", f"--screenshot={file}", "file://" + page], dark)
    with open(file, "rb") as png:
        data = png.read()
    return (*struct.unpack(">II", data[16:24]), len(data))
