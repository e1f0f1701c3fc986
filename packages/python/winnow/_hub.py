"""Bundles for Hugging Face's tools and its hub."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from winnow import _core
from winnow._classifier import PathLike
from winnow._errors import NotFoundError, UnsupportedError


def to_hf(bundle: PathLike, directory: PathLike, *, overwrite: bool = False) -> Path:
    """Writes a transformer bundle as a directory for Hugging Face's transformers, and returns its path.

    The same files as `winnow export --format safetensors`, and a model card. The calibration is part of the weights, so
    that transformers' probabilities are the calibrated ones. What transformers does not apply, such as decision
    thresholds, is named in the model card; Winnow reads the directory too, with all of it.

    overwrite: replace a directory that holds something else than an earlier export.
    """
    source, target = Path(bundle), Path(directory)
    manifest = _manifest(source)
    if (source / "linear.bin").exists():
        raise UnsupportedError(
            f"{source} is a linear model, which transformers does not have", "winnow.push_to_hub uploads it as it is"
        )
    notes = _core.export_float_weights(os.path.abspath(source), os.path.abspath(target), overwrite)
    (target / "README.md").write_text(_card(source, manifest, notes), encoding="utf-8")
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


def _card(source: Path, manifest: Dict[str, Any], notes: Sequence[str] = ()) -> str:
    info: Dict[str, Any] = {}
    if (source / "training_info.json").exists():
        info = json.loads((source / "training_info.json").read_text(encoding="utf-8"))
    linear = (source / "linear.bin").exists()
    lines = ["---", f"library_name: {'winnow' if linear else 'transformers'}", "pipeline_tag: text-classification"]
    lines += ["tags:", "- winnow"]
    base = str(info.get("base_model_id") or "")
    if re.fullmatch(r"[\w.-]+/[\w.-]+", base) and not linear:  # a name on the hub, not a directory
        lines += [f"base_model: {base}"]
    lines += ["---", "", f"# {manifest.get('name', source.name)} {manifest.get('version', '')}".rstrip(), ""]
    lines += [f"A text classifier with the labels {', '.join(info.get('classes') or [])}, trained with Winnow.", ""]
    lines += _metrics(info)
    lines += [f"- {note[:1].upper()}{note[1:]}." for note in notes] + [""]
    return "\n".join(lines)


def _metrics(info: Dict[str, Any]) -> List[str]:
    metrics = {name: value for name, value in (info.get("metrics") or {}).items() if isinstance(value, float)}
    if not metrics:
        return []
    part = info.get("metrics_of") or "held-out"
    rows = [f"| {name} | {value:.4f} |" for name, value in sorted(metrics.items())]
    return [f"Metrics on the {part} texts:", "", "| metric | value |", "| --- | --- |", *rows, ""]
