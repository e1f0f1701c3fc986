"""to_hf and push_to_hub: the temperature is part of the weights, and other files are those of the bundle."""

import json
import struct
import sys
import types

import numpy as np
import pytest

import winnow
from winnow import ExistsError, NotFoundError, UnsupportedError


def tensors(file):
    data = file.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[8 + size :][slice(*tensor["data_offsets"])], "<f4") for name, tensor in header.items()
    }


def test_the_temperature_is_baked_into_the_head(transformer, tmp_path, texts):
    target = winnow.to_hf(transformer, tmp_path / "hf")
    temperature = winnow.Classifier(transformer).temperature
    assert temperature != 1
    before, after = tensors(transformer / "model.safetensors"), tensors(target / "model.safetensors")
    assert before.keys() == after.keys()
    for name in before:
        scale = temperature if name.startswith("classifier.") else 1
        np.testing.assert_allclose(after[name], before[name] / np.float32(scale), rtol=1e-6)
    plain = winnow.Classifier(target)
    expected = winnow.Classifier(transformer, weights="float").predict_proba(texts)
    np.testing.assert_allclose(plain.predict_proba(texts), expected, atol=2e-6)
    assert json.loads((target / "tokenizer_config.json").read_text())["model_max_length"] == 32
    card = (target / "README.md").read_text()
    assert "decision thresholds" in card
    assert card.startswith("---\nlibrary_name: transformers\n") and "ham, spam" in card and "| accuracy |" in card


def test_transformers_has_the_calibrated_probabilities(transformer, tmp_path, texts):
    transformers = pytest.importorskip("transformers")
    target = winnow.to_hf(transformer, tmp_path / "hf")
    pipe = transformers.pipeline("text-classification", model=str(target), top_k=None)
    expected = winnow.Classifier(transformer, weights="float").classify(texts[:30])
    for scores, prediction in zip(pipe(texts[:30], truncation=True), expected):
        for score in scores:
            assert score["score"] == pytest.approx(prediction.scores[score["label"]], abs=1e-5)


def test_directories_are_not_overwritten(transformer, linear, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExistsError):
        winnow.to_hf(transformer, tmp_path)
    winnow.to_hf(transformer, tmp_path, overwrite=True)
    with pytest.raises(UnsupportedError, match="linear model"):
        winnow.to_hf(linear, tmp_path / "other")
    with pytest.raises(NotFoundError):
        winnow.to_hf(tmp_path / "nothing", tmp_path / "other")


class FakeHub:
    """Stands in for huggingface_hub.HfApi, and keeps what would be uploaded."""

    calls = []

    def __init__(self, token=None):
        self.token = token

    def create_repo(self, repo_id, **options):
        self.calls.append(("create_repo", repo_id, options))

    def upload_folder(self, *, folder_path, **options):
        from pathlib import Path

        files = {str(file.relative_to(folder_path)): file.read_bytes() for file in Path(folder_path).rglob("*") if file.is_file()}
        self.calls.append(("upload_folder", files, options))
        return types.SimpleNamespace(commit_url=f"https://hub.example/{options['repo_id']}/commit/1")


def test_bundles_are_uploaded(transformer, linear, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", types.SimpleNamespace(HfApi=FakeHub))
    FakeHub.calls.clear()
    assert winnow.push_to_hub(transformer, "me/spam", private=True) == "https://hub.example/me/spam/commit/1"
    (_, repo, options), (_, files, upload) = FakeHub.calls
    assert repo == "me/spam" and options["private"] and upload["commit_message"] == "small 1.0.0"
    assert {"config.json", "model.safetensors", "README.md"} <= files.keys() and "calibration.jsonl" not in files
    FakeHub.calls.clear()
    winnow.push_to_hub(linear, "me/linear")
    files = FakeHub.calls[1][1]
    assert {"linear.bin", "winnow.json", "README.md"} <= files.keys() and "calibration.jsonl" not in files


def test_uploading_needs_the_package(linear, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UnsupportedError, match="huggingface_hub"):
        winnow.push_to_hub(linear, "me/linear")
