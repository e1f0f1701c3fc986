"""Licences of a Debian package, from its file `copyright`: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"""
import re

# Debian's short names, as SPDX spells them; names that are equal in both are not here.
SPDX = {
    "Expat": "MIT", "MIT/X11": "MIT", "BSD-3-clause": "BSD-3-Clause", "BSD-2-clause": "BSD-2-Clause", "BSD-3-Clauses": "BSD-3-Clause",
    "Boost-1.0": "BSL-1.0", "BSL-1": "BSL-1.0", "zlib": "Zlib", "curl": "curl", "ISC": "ISC",
    "GPL-1+": "GPL-1.0-or-later", "GPL-2": "GPL-2.0-only", "GPL-2+": "GPL-2.0-or-later", "GPL-2.0+": "GPL-2.0-or-later",
    "GPL-3": "GPL-3.0-only", "GPL-3+": "GPL-3.0-or-later", "LGPL-2": "LGPL-2.0-only", "LGPL-2+": "LGPL-2.0-or-later",
    "LGPL-2.0+": "LGPL-2.0-or-later", "LGPL-2.1": "LGPL-2.1-only", "LGPL-2.1+": "LGPL-2.1-or-later", "LGPL-3": "LGPL-3.0-only",
    "LGPL-3+": "LGPL-3.0-or-later", "LGPL-3.0+": "LGPL-3.0-or-later", "Apache-2": "Apache-2.0", "OpenLDAP-2.8": "OLDAP-2.8", "BSD3": "BSD-3-Clause",
    "public-domain": None, "PD": None,
}
SPDX_IDS = {"Apache-2.0", "BSL-1.0", "CC0-1.0", "ICU", "ISC", "MIT", "MPL-2.0", "OLDAP-2.8", "OpenSSL", "PostgreSQL", "Unicode-DFS-2016",
            "Unlicense", "X11", "Zlib", "bzip2-1.0.6", "curl", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "GPL-1.0-or-later", "GPL-2.0-only",
            "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "LGPL-2.0-only", "LGPL-2.0-or-later", "LGPL-2.1-only",
            "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "blessing"}
# Source packages whose file is prose, and whose libraries are under one license, as that prose says.
PROSE = {"gcc-12": "GPL-3.0-or-later WITH GCC-exception-3.1", "glibc": "LGPL-2.1-or-later", "gnutls28": "LGPL-2.1-or-later",
         "libtasn1-6": "LGPL-2.1-or-later", "krb5": "MIT", "libzip": "BSD-3-Clause", "rtmpdump": "LGPL-2.1-or-later",
         "libselinux": "public-domain"}


def paragraphs(text):
    """The fields of each paragraph; lines that continue a field are joined by line ends."""
    for block in re.split(r"\n[ \t]*\n+", text.strip() + "\n"):
        fields, name = {}, None
        for line in block.split("\n"):
            found = re.match(r"([A-Za-z][\w-]*):[ \t]*(.*)", line)
            if found:
                name = found[1].lower()
                fields[name] = found[2].strip()
            elif name and line[:1] in " \t":
                fields[name] += "\n" + line.strip()
        if fields:
            yield fields


def license_names(text):
    """The names in paragraphs `Files:`, those of the whole source first, packaging files (debian/*) left out; None of prose."""
    if not re.match(r"\s*Format(-Specification)?:", text):
        return None
    whole, parts = [], []
    for fields in paragraphs(text):
        files = fields.get("files", "").split()
        if not files or all(file.startswith("debian/") for file in files):
            continue
        names = (fields.get("license") or "").split("\n")[0]
        (whole if "*" in files else parts).append(names)
    return [name for name in dict.fromkeys(whole + parts) if name]


def spdx(name):
    """An SPDX id of one Debian name, or None."""
    name = SPDX.get(name, name)
    return name if name in SPDX_IDS else None


def licenses(text, source):
    """CycloneDX's list: ids where SPDX has one, Debian's name otherwise. Alternatives and sums are split into their parts, so what
    counts for a file in particular is in the text alone."""
    names = license_names(text)
    if names is None:
        known = PROSE.get(source)
        if known and " WITH " in known:
            return [{"expression": known}]
        return [{"license": {"id": known} if known in SPDX_IDS else {"name": known or "see THIRD_PARTY_LICENSES"}}]
    found = {}
    for expression in names:
        for name in re.split(r"\s+(?:and/or|and|or)\s+|\s*,\s*(?:and|or)?\s*|\s*\|\s*", expression):
            name = name.strip("() ")
            if name and not name.startswith("with "):
                found[spdx(name) or name] = None
    return [{"license": {"id": name} if name in SPDX_IDS else {"name": name}} for name in found] or [
        {"license": {"name": "see THIRD_PARTY_LICENSES"}}]
