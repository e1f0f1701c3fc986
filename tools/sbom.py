#!/usr/bin/env python3
"""What a build consists of: CycloneDX 1.5 (cyclonedx.org) and the licenses of all parts. Debian only, whose packages are asked.

    tools/sbom.py build/release/winnow --sbom build/sbom.json --licenses build/THIRD_PARTY_LICENSES
    tools/sbom.py build/release/winnow --packages

Libraries are those that the loader loads, the one that the program itself loads later, and those of headers alone; the page has
what web/package-lock.json names for it. Two runs over one program write equal files."""
import argparse
import base64
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse
import uuid

import debian_copyright

ROOT = pathlib.Path(__file__).resolve().parents[1]
LOADED_LATER = ["libcurl.so.4"]                        # src/net/curl_library.cpp
HEADERS_ALONE = ["nlohmann-json3-dev", "libcli11-dev", "libhwy-dev"]  # compiled into the program
LOCK = ROOT / "web" / "package-lock.json"
MODULES = ROOT / "web" / "node_modules"
COLLECTED = ROOT / "build" / "web" / "licenses.json"  # of an archive of tools/sdist.py, which has no modules


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout


def libraries(program):
    """The files that the loader maps, and those that the program opens by name."""
    files = re.findall(r"(?:=>\s+|^\s*)(/\S+) \(0x", output("ldd", str(program)), re.M)
    cache = output("/sbin/ldconfig", "-p")
    for name in LOADED_LATER:
        found = re.search(rf"^\s*{re.escape(name)} .*=> (\S+)", cache, re.M)
        if not found:
            raise SystemExit(f"{name} is not installed")
        files += [found[1], *re.findall(r"=>\s+(/\S+) \(0x", output("ldd", found[1]))]
    return sorted(set(files))


def packages(program):
    """The Debian packages that the libraries are from. dpkg knows them in /lib or in /usr/lib, which are one directory."""
    asked = {}
    for file in libraries(program):
        plain = os.path.realpath(file).removeprefix("/usr")
        asked.update({plain: file, "/usr" + plain: file})
    done = subprocess.run(["dpkg-query", "-S", *asked], capture_output=True, text=True, check=False)  # 1: some are not known
    found = {}
    for line in done.stdout.splitlines():
        owner, _, path = line.rpartition(": ")
        found[asked[path]] = owner.split(":")[0]
    unknown = set(asked.values()) - set(found)
    if unknown:
        raise SystemExit(f"from no Debian package: {' '.join(sorted(unknown))}")
    return sorted(set(found.values()))


def debian_component(package):
    fields = "${Version}\n${Architecture}\n${source:Package}\n${Homepage}\n${binary:Summary}"
    version, architecture, source, homepage, summary = output("dpkg-query", "-W", f"-f={fields}", package).split("\n")[:5]
    text = copyright_text(package)
    quoted = urllib.parse.quote(version, safe=".~-")
    component = {"type": "library", "bom-ref": f"pkg:deb/debian/{package}@{quoted}?arch={architecture}&distro=debian-12",
                 "name": package, "version": version, "description": summary,
                 "licenses": debian_copyright.licenses(text, source)}
    component["purl"] = component["bom-ref"]
    if homepage:
        component["externalReferences"] = [{"type": "website", "url": homepage}]
    return component


def copyright_text(package):
    return pathlib.Path("/usr/share/doc", package, "copyright").read_text(encoding="utf-8", errors="replace")


def page_parts():
    """(name, entry of the lock file) of what is for the page, and not for building it alone."""
    entries = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    return [(path.rpartition("node_modules/")[2], entry) for path, entry in sorted(entries.items())
            if path and not entry.get("dev") and not entry.get("devOptional") and not entry.get("peer")]


def npm_component(name, entry):
    reference = f"pkg:npm/{urllib.parse.quote(name, safe='/')}@{entry['version']}"
    component = {"type": "library", "bom-ref": reference, "name": name, "version": entry["version"], "purl": reference}
    group, slash, rest = name.partition("/")
    if slash:
        component.update(group=group, name=rest)
    algorithm, _, digest = entry.get("integrity", "").partition("-")
    if algorithm == "sha512":
        component["hashes"] = [{"alg": "SHA-512", "content": base64.b64decode(digest).hex()}]
    license_name = entry.get("license")
    if license_name:
        one = debian_copyright.spdx(license_name)
        composed = re.search(r" (OR|AND|WITH) ", license_name)
        component["licenses"] = [{"expression": license_name} if composed else
                                 {"license": {"id": one} if one else {"name": license_name}}]
    return component


def sbom(program):
    version = json.loads(output(str(program), "version", "--json"))["version"]
    digest = hashlib.sha256(pathlib.Path(program).read_bytes()).hexdigest()
    reference = f"pkg:generic/winnow@{version}"
    native = [debian_component(package) for package in sorted({*packages(program), *HEADERS_ALONE})]
    page = [npm_component(name, entry) for name, entry in page_parts()]
    main = {"type": "application", "bom-ref": reference, "name": "winnow", "version": version, "purl": reference,
            "licenses": [{"license": {"id": "Apache-2.0"}}], "hashes": [{"alg": "SHA-256", "content": digest}]}
    parts = list({part["bom-ref"]: part for part in native + page}.values())
    document = {
        "bomFormat": "CycloneDX", "specVersion": "1.5",
        "serialNumber": "urn:uuid:" + str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([main, parts], sort_keys=True))), "version": 1,
        "metadata": {"tools": {"components": [{"type": "application", "name": "tools/sbom.py", "version": version}]}, "component": main},
        "components": parts,
        "dependencies": [{"ref": reference, "dependsOn": [part["bom-ref"] for part in parts]},
                         *({"ref": part["bom-ref"]} for part in parts)],
    }
    return document


def npm_license(name):
    found = sorted(file for file in (MODULES / name).glob("*")
                   if re.match(r"licen[cs]e|copying|notice", file.name, re.I) and file.is_file())
    return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in found)


def npm_licenses():
    """{name: text} of the page's parts."""
    if MODULES.is_dir():
        return {name: npm_license(name).strip() for name, _ in page_parts()}
    if COLLECTED.is_file():
        return json.loads(COLLECTED.read_text(encoding="utf-8"))
    raise SystemExit(f"{MODULES} is missing, which has the licenses of the page's parts: run web/build.sh")


def license_texts(program):
    """All texts, equal ones once; the common licenses of Debian, to which its texts refer, at the end."""
    of_page = npm_licenses()
    texts = {}
    for package in sorted({*packages(program), *HEADERS_ALONE}):
        texts.setdefault(copyright_text(package).strip(), []).append(package)
    for name, entry in page_parts():
        text = of_page[name] or f"License: {entry.get('license', 'unknown')} (the package has no text)"
        texts.setdefault(text, []).append(f"{name} {entry['version']} (web page)")
    for name in sorted(set(re.findall(r"/usr/share/common-licenses/([\w.-]*\w)", "\n".join(texts)))):
        file = pathlib.Path("/usr/share/common-licenses", name)
        if file.is_file():
            texts.setdefault(file.read_text(encoding="utf-8").strip(), []).append(f"/usr/share/common-licenses/{name}")
    head = "Winnow contains or uses these works of others. Each text follows the names of the works that it is for.\n"
    return head + "".join(f"\n{'=' * 78}\n{chr(10).join(names)}\n{'=' * 78}\n\n{text}\n" for text, names in texts.items())


def write(path, text):
    """Replaces the file once all of it is written."""
    temporary = pathlib.Path(f"{path}.new")
    temporary.parent.mkdir(parents=True, exist_ok=True)
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--sbom", help="write CycloneDX JSON here")
    parser.add_argument("--licenses", help="write all license texts here")
    parser.add_argument("--packages", action="store_true", help="print the Debian packages of the program's libraries")
    arguments = parser.parse_args()
    if arguments.packages:
        print("\n".join(packages(arguments.program)))
    if arguments.sbom:
        write(arguments.sbom, json.dumps(sbom(arguments.program), indent=1, ensure_ascii=False) + "\n")
    if arguments.licenses:
        write(arguments.licenses, license_texts(arguments.program))


if __name__ == "__main__":
    sys.exit(main())
