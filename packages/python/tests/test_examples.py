"""The examples run, and the package and its examples are free of type errors."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

import winnow
from conftest import ROOT

PACKAGE = ROOT / "packages" / "python"


def load(name):
    spec = importlib.util.spec_from_file_location(name, PACKAGE / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_first_example_runs(tmp_path, capsys):
    load("notebook").main(tmp_path)
    out = capsys.readouterr().out
    assert "\nspam 0." in out and "  0808: +" in out


def test_parquet_in_and_out(linear, texts, tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"id": range(len(texts)), "text": texts}), tmp_path / "in.parquet")
    count = load("parquet").classify_parquet(str(linear), str(tmp_path / "in.parquet"), str(tmp_path / "out.parquet"), batch_size=100)
    table = pq.read_table(tmp_path / "out.parquet")
    assert count == table.num_rows == len(texts) and table["text"].to_pylist() == texts
    assert table["label"].to_pylist() == winnow.Classifier(linear).predict(texts).tolist()


def test_the_callable_of_ray_data(linear, texts):
    pa = pytest.importorskip("pyarrow")
    table = load("ray_data").Classify(str(linear))(pa.table({"text": texts[:20]}))
    assert table.column_names == ["text", "label", "score", "confidence", "abstained"]
    assert table["label"].to_pylist() == winnow.Classifier(linear).predict(texts[:20]).tolist()


def test_ray_data_gives_the_predictions_of_the_classifier(linear, texts, tmp_path):
    ray = pytest.importorskip("ray")
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"text": texts}), tmp_path / "in.parquet")
    ray.init(num_cpus=2, include_dashboard=False)
    try:
        load("ray_data").main(str(linear), str(tmp_path / "in.parquet"), str(tmp_path / "out"))
    finally:
        ray.shutdown()
    table = pq.read_table(tmp_path / "out")
    found = dict(zip(table["text"].to_pylist(), table["label"].to_pylist()))
    assert found == dict(zip(texts, winnow.Classifier(linear).predict(texts).tolist()))


def test_types_are_checked(tmp_path):
    """With the cache of an earlier run: mypy reads again what has changed."""
    pytest.importorskip("mypy")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "winnow-tests"
    installed = Path(winnow.__file__).parent
    assert (installed / "py.typed").exists() and (installed / "_core.pyi").exists()
    use = tmp_path / "use.py"
    use.write_text(
        "import winnow\n"
        "c = winnow.Classifier('spam')\n"
        "reveal_type(c.classify('one text'))\n"
        "reveal_type(c.classify(['a', 'b']))\n"
        "reveal_type(c.classify('a').label)\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", "--cache-dir", cache / "mypy"]
    examples = sorted((PACKAGE / "examples").glob("*.py"))
    for checked in (["-p", "winnow"], [*examples, use]):
        done = subprocess.run([*command, *checked], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stdout
    revealed = [line.split('"')[1] for line in done.stdout.splitlines() if "Revealed type" in line]
    assert revealed == ["winnow._results.Prediction", "winnow._results.Predictions", "str"]
