"""Makes the stores of this folder anew, with the code of the commits at which the schema got its versions.

    python3 tests/compatibility/make_stores.py CLONE [VERSION...]
    python3 tests/compatibility/make_stores.py WRITER VERSION...

CLONE is a clone of this repository that may be changed: each commit is checked out there, its store is compiled
and write_store.cpp fills a SQLite file and, where PostgreSQL is installed, a database there. The dumps of both are
written beside this file. WRITER is write_store, compiled already."""
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end"))
import postgres  # noqa: E402

# The commit whose code writes the store of a version, and its own version. Versions 5 to 7 only added tables and indexes.
COMMITS = {1: ("4977b0ff", 2), 2: ("4977b0ff", 2), 3: ("53c025be", 3), 4: ("117d90d0", 7), 5: ("117d90d0", 7), 6: ("117d90d0", 7), 7: ("117d90d0", 7)}
TARGET = """
add_executable(write_store {source})
target_compile_definitions(write_store PRIVATE FORMER_SCHEMA={version})
target_link_libraries(write_store PRIVATE winnow_store)
"""


def run(*command, cwd=None):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def compile_writer(clone, version):
    commit, newest = COMMITS[version]
    run("git", "checkout", "--quiet", "--force", commit, cwd=clone)
    with open(clone / "CMakeLists.txt", "a", encoding="utf-8") as file:
        file.write(TARGET.format(source=HERE / "write_store.cpp", version=newest))
    run("cmake", "--preset", "release", "-DWINNOW_BENCH=OFF", "-DWINNOW_TESTS=OFF", cwd=clone)
    run("ninja", "-j1", "-C", "build/release", "write_store", cwd=clone)
    return clone / "build" / "release" / "write_store"


def without_settings(dump):
    """The statements of a dump of PostgreSQL, which name neither an owner nor a version of pg_dump."""
    lines = [line for line in dump.splitlines() if line and not line.startswith(("--", "SET ", "SELECT pg_catalog.set_config", "\\"))]
    return "\n".join(lines) + "\n"


def main():
    clone = pathlib.Path(sys.argv[1]).resolve()
    server = postgres.Postgres() if postgres.PROGRAMS else None
    try:
        for version in [int(word) for word in sys.argv[2:]] or COMMITS:
            writer = clone if clone.is_file() else compile_writer(clone, version)
            with tempfile.TemporaryDirectory() as work:
                file = os.path.join(work, "store.db")
                run(writer, file, str(version))
                with sqlite3.connect(file) as database:
                    (HERE / f"schema-{version}.sqlite.sql").write_text("\n".join(database.iterdump()) + "\n", encoding="utf-8")
            if server:
                name = f"version{version}"
                server.sql(f"CREATE DATABASE {name}")
                run(writer, server.url.removesuffix("postgres") + name, str(version))
                dump = server.run("pg_dump", "-h", server.directory, "-U", "winnow", "--inserts", "--no-owner", "--no-privileges",
                                  "--no-comments", "-d", name)
                (HERE / f"schema-{version}.postgres.sql").write_text(without_settings(dump), encoding="utf-8")
            print(f"schema {version}: {COMMITS[version][0]}")
    finally:
        if server:
            server.stop()


if __name__ == "__main__":
    main()
