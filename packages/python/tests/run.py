#!/usr/bin/env python3
"""Installs the Python package into a virtual environment, and runs its tests.

    packages/python/tests/run.py WINNOW --build DIR --venv DIR [PYTEST-ARGUMENT...]

The extension is linked with the libraries of the build tree DIR, so that they are not compiled again. Exits 77 if the package
index cannot be reached ("skipped: ..."). Spark's tests need Java, and pyspark in the environment (installed if there is a Java).
"""
import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools" / "conformance"))
import packages  # noqa: E402

PACKAGES = ["nanobind", "scikit-build-core", "ninja", "numpy", "pandas", "pyarrow", "polars", "scikit-learn", "pytest", "mypy"]


def environment(directory):
    """The Python of a virtual environment for the package and its tests."""
    spark = ["pyspark"] if shutil.which("java") else []
    return packages.environment(PACKAGES + spark, directory, source=spark, shared=False)  # the package is installed into it


def pip(python, build, command, *arguments):
    """Builds the package from the libraries of a build tree by pip's command `install` or `wheel`."""
    subprocess.run([python, "-m", "pip", command, "--quiet", "--disable-pip-version-check", "--no-build-isolation", "--no-deps", *arguments,
                    f"--config-settings=cmake.define.WINNOW_BUILD_DIR={build.resolve()}",
                    f"--config-settings=build-dir={build.resolve() / 'python-package'}", ROOT / "packages" / "python"], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("winnow", type=Path)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--venv", type=lambda text: Path(text).resolve(), required=True)
    arguments, pytest_arguments = parser.parse_known_args()
    python = environment(arguments.venv)
    pip(python, arguments.build, "install", "--force-reinstall")
    # Spark's tests end before what a JVM would optimize pays off.
    variables = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", **os.environ, "WINNOW": str(arguments.winnow.resolve())}
    tests = [python, "-m", "pytest", "-q", "--durations=5", "-p", "no:cacheprovider", ROOT / "packages" / "python" / "tests"]
    sys.exit(subprocess.run([*tests, *pytest_arguments], env=variables, cwd=arguments.build).returncode)


if __name__ == "__main__":
    main()
