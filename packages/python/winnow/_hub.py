"""Bundles for Hugging Face's tools and its hub."""

from __future__ import annotations

import json
import os
import shutil
import struct
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np

from winnow._classifier import PathLike
from winnow._errors import ExistsError, InvalidModelError, NotFoundError, UnsupportedError

_FILES = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spm.model",
    "sentencepiece.bpe.model",
)
_WEIGHTS = "model.safetensors"


def to_hf(bundle: PathLike, directory: PathLike, *, overwrite: bool = False) -> Path:
    """Writes a transformer bundle as a directory for Hugging Face's transformers, and returns its path.

    The temperature of the bundle is baked into the classification head, so that transformers' probabilities are the
    calibrated ones; the maximum length becomes that of the tokenizer; README.md is a model card. Decision thresholds,
    folding and other calibrations than a temperature do not exist in transformers, and are named in the model card.
    """
    source, target = Path(bundle), Path(directory)
    manifest = _manifest(source)
    if not (source / _WEIGHTS).exists():
        if (source / "linear.bin").exists():
            raise UnsupportedError(
                f"{source} is a linear model, which transformers does not have", "winnow.push_to_hub uploads it as it is"
            )
        raise NotFoundError(f"{source} has no {_WEIGHTS}", "use the bundle with the float weights")
    if target.exists() and any(target.iterdir()) and not overwrite:
        raise ExistsError(f"{target} is not empty", "specify another directory, or overwrite=True")
    target.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)
    _bake(source / _WEIGHTS, target / _WEIGHTS, float(manifest.get("temperature", 1)))
    _limit_length(target / "tokenizer_config.json", manifest.get("max_length"))
    (target / "README.md").write_text(_card(source, manifest), encoding="utf-8")
    return target


def push_to_hub(
    bundle: PathLike,
    repo_id: str,
    *,
    private: bool = False,
    token: Optional[str] = None,
    revision: Optional[str] = None,
    commit_message: Optional[str] = None,
) -> str:
    """Uploads a bundle to the Hugging Face hub and returns the URL of the commit: a transformer as `to_hf` writes it, a
    linear model with all its files. Needs the package huggingface_hub."""
    try:
        from huggingface_hub import HfApi
    except ImportError as error:
        raise UnsupportedError("push_to_hub needs the package huggingface_hub", "pip install huggingface_hub") from error
    source = Path(bundle)
    manifest = _manifest(source)
    api = HfApi(token=token)
    api.create_repo(repo_id, private=private, exist_ok=True, repo_type="model")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        if (source / "linear.bin").exists():
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns("calibration.jsonl", "checkpoint-*", ".*"))
            (folder / "README.md").write_text(_card(source, manifest), encoding="utf-8")
        else:
            to_hf(source, folder)
        message = commit_message or f"{manifest.get('name', source.name)} {manifest.get('version', '')}".strip()
        commit = api.upload_folder(
            repo_id=repo_id, folder_path=str(folder), commit_message=message, revision=revision, repo_type="model"
        )
    return str(getattr(commit, "commit_url", commit))


def _manifest(source: Path) -> Dict[str, Any]:
    if not source.is_dir():
        raise NotFoundError(f"{source} is not a directory", "specify the directory of a bundle")
    try:
        manifest: Dict[str, Any] = json.loads((source / "winnow.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return manifest


def _head_of(names: List[str]) -> List[str]:
    """The tensors of the last layer of the classification head."""
    for prefix in ("classifier.out_proj.", "classifier."):
        found = [prefix + part for part in ("weight", "bias") if prefix + part in names]
        if found:
            return found
    raise InvalidModelError(f"{_WEIGHTS} has no classification head", "the tensors classifier.* are missing")


def _bake(source: Path, target: Path, temperature: float) -> None:
    """Copies a safetensors file, with the last layer divided by the temperature."""
    with source.open("rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
    shutil.copyfile(source, target)
    if temperature == 1:
        return
    begin = 8 + size
    with target.open("r+b") as file:
        for name in _head_of(list(header)):
            tensor = header[name]
            if tensor["dtype"] != "F32":
                raise UnsupportedError(f"{name} is {tensor['dtype']}, not F32", "")
            first, last = tensor["data_offsets"]
            file.seek(begin + first)
            values = np.frombuffer(file.read(last - first), dtype="<f4") / np.float32(temperature)
            file.seek(begin + first)
            file.write(values.astype("<f4").tobytes())


def _limit_length(file: Path, max_length: Optional[int]) -> None:
    if max_length is None or not file.exists():
        return
    settings = json.loads(file.read_text(encoding="utf-8"))
    settings["model_max_length"] = int(max_length)
    file.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _card(source: Path, manifest: Dict[str, Any]) -> str:
    info: Dict[str, Any] = {}
    if (source / "training_info.json").exists():
        info = json.loads((source / "training_info.json").read_text(encoding="utf-8"))
    linear = (source / "linear.bin").exists()
    lines = ["---", f"library_name: {'winnow' if linear else 'transformers'}", "pipeline_tag: text-classification"]
    lines += ["tags:", "- winnow"]
    base = str(info.get("base_model_id") or "")
    if "/" in base and not linear:
        lines += [f"base_model: {base}"]
    lines += ["---", "", f"# {manifest.get('name', source.name)} {manifest.get('version', '')}".rstrip(), ""]
    lines += [f"A text classifier with the labels {', '.join(info.get('classes') or [])}, trained with Winnow.", ""]
    lines += _metrics(info)
    lines += _limits(manifest)
    return "\n".join(lines)


def _metrics(info: Dict[str, Any]) -> List[str]:
    metrics = {name: value for name, value in (info.get("metrics") or {}).items() if isinstance(value, float)}
    if not metrics:
        return []
    part = info.get("metrics_of") or "held-out"
    rows = [f"| {name} | {value:.4f} |" for name, value in sorted(metrics.items())]
    return [f"Metrics on the {part} texts:", "", "| metric | value |", "| --- | --- |", *rows, ""]


def _limits(manifest: Dict[str, Any]) -> List[str]:
    """What Winnow does with the texts or the scores, and other programs do not."""
    notes = []
    if manifest.get("fold_disguises"):
        notes.append("Winnow folds obfuscated texts before they are read.")
    if manifest.get("text_template"):
        notes.append(f"Texts are made by the template `{manifest['text_template']}`.")
    if manifest.get("max_length"):
        notes.append(f"Texts are cut at {manifest['max_length']} tokens: pass `truncation=True`.")
    calibration = manifest.get("calibration") or {}
    method = calibration.get("method", "temperature") if isinstance(calibration, dict) else "temperature"
    if method == "temperature":
        notes.append("Probabilities are calibrated: the temperature is part of the weights.")
    else:
        notes.append(f"Winnow calibrates probabilities by the method {method}, which is not part of the weights.")
    thresholds = manifest.get("thresholds") or {}
    shown = ", ".join(f"{mode} {thresholds[mode]}" for mode in ("strict", "moderate", "lenient") if mode in thresholds)
    if manifest.get("positive_label") and shown:
        notes.append(f"Decision thresholds of {manifest['positive_label']}: {shown}.")
    return [f"- {note}" for note in notes] + [""]
