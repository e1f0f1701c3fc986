"""The commands train, evaluate, calibrate and quantize as functions."""

from __future__ import annotations

import json
import os
import warnings
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

import numpy as np

from winnow import _core
from winnow._classifier import PathLike
from winnow._errors import InvalidArgumentError

Event = Dict[str, Any]
Callback = Callable[[Event], Optional[bool]]
Files = Union[PathLike, Sequence[PathLike]]


def train(
    data: Union[Files, Mapping[str, Any], None] = None,
    output_dir: Optional[PathLike] = None,
    *,
    callback: Optional[Callback] = None,
    **options: Any,
) -> Dict[str, Any]:
    """Trains a model, as `winnow train` does, and returns the document of training_info.json, with all metrics.

    data: labelled texts: one file or several, CSV, TSV, JSON, JSONL or fastText. A dictionary is a plan: all options by
        name, with "data" and "output_dir" among them; options that are given beside it replace those in it.
    output_dir: directory of the new bundle.
    options: the options of `winnow train` by their names (docs/cli.md): kind="lr", base_model="all-MiniLM-L6-v2",
        epochs=3, max_fpr=.02, quantize=True, preset="sms-spam".
    callback: receives events as dictionaries with the key "event": "note" and "warning" (with "message"), "progress",
        "begin", "step" (with "step", "total_steps", "loss") and "evaluation" (with "epoch", "validation_loss",
        "accuracy", "f1_macro", "best"). Returning False ends the training with CancelledError; Ctrl-C ends it with
        KeyboardInterrupt. After either, no incomplete bundle is left. Without a callback, what the command line warns
        of are warnings of Python (UserWarning).
    """
    given = dict(options)
    files: Optional[Files]
    if isinstance(data, Mapping):
        given = {**{name.replace("-", "_"): value for name, value in data.items()}, **given}
        files = given.pop("data", None)
    else:
        files = data
    if output_dir is not None:
        given["output_dir"] = output_dir
    return _run("train", _files(files), given, callback)


def evaluate(
    bundle: PathLike, data: Files, *, callback: Optional[Callback] = None, **options: Any
) -> Dict[str, Any]:
    """Measures a bundle on labelled texts, as `winnow evaluate --json` does: metrics with confidence intervals.

    options: those of `winnow evaluate`, such as mode="strict", threshold=.8, report="report", against="other".
    """
    return _run("evaluate", [bundle, *_files(data)], options, callback)


def calibrate(
    bundle: PathLike, data: Optional[Files] = None, *, callback: Optional[Callback] = None, **options: Any
) -> Dict[str, Any]:
    """Calibrates a bundle on held-out texts, as `winnow calibrate --json` does, and writes it.

    data: labelled texts that the model was not trained on; None: the calibration set in the bundle.
    options: those of `winnow calibrate`, such as max_fpr=.02, output="other", dry_run=True.
    """
    return _run("calibrate", [bundle, *_files(data)], options, callback)


def quantize(
    bundle: PathLike, data: Optional[Files] = None, *, callback: Optional[Callback] = None, **options: Any
) -> Dict[str, Any]:
    """Quantizes the weights of a bundle to INT8, as `winnow quantize --json` does, unless accuracy drops too much.

    data: labelled texts that measure the drop; None: the calibration set in the bundle.
    options: those of `winnow quantize`, such as max_drop=.005, output="small".
    """
    if data is not None:
        options["data"] = _files(data)
    return _run("quantize", [bundle], options, callback)


def _files(files: Optional[Files]) -> List[PathLike]:
    if files is None:
        return []
    if isinstance(files, (str, os.PathLike)):
        return [files]
    # The elements of a DataFrame are the names of its columns, which could be taken for names of files.
    rows = hasattr(files, "columns") or hasattr(files, "column_names")
    paths = [] if rows else list(files)
    if rows or any(not isinstance(path, (str, os.PathLike)) for path in paths):
        raise InvalidArgumentError(
            f"data: expected the path of a file, or a list of paths, found {type(files).__name__}",
            "write the rows to a file first: df.to_json('train.jsonl', orient='records', lines=True, force_ascii=False); "
            "winnow.sklearn.WinnowClassifier takes texts and labels",
        )
    return paths


def _run(
    command: str, positionals: Sequence[PathLike], options: Mapping[str, Any], callback: Optional[Callback]
) -> Dict[str, Any]:
    arguments = [argument for name, value in options.items() for argument in _arguments(name, value)]
    arguments += ["--", *(os.fspath(value) for value in positionals)]
    if callback is not None:
        document: Dict[str, Any] = json.loads(_core.run_command(command, arguments, callback))
        return document
    warned = Warnings()
    try:
        document = json.loads(_core.run_command(command, arguments, warned))
    finally:
        warned.issue(stacklevel=4)
    return document


class Warnings:
    """A callback for commands that have none: it collects what they warn of, as warnings of Python."""

    def __init__(self, ignored: str = "") -> None:
        self._ignored = ignored
        self._messages: List[str] = []

    def __call__(self, event: Event) -> None:
        if event["event"] == "warning" and not (self._ignored and event["message"].startswith(self._ignored)):
            self._messages.append(event["message"])

    def issue(self, stacklevel: int) -> None:
        for message in self._messages:
            warnings.warn(message, UserWarning, stacklevel=stacklevel)


def _arguments(name: str, value: Any) -> List[str]:
    """The arguments of a command line for one option; None stands for the default."""
    option = name.strip("-").replace("_", "-")
    if option in ("json", "quiet", "log-level", "log-format"):
        raise InvalidArgumentError(f"{name}: the option concerns the output of the command line", "omit it")
    if value is None:
        return []
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    if isinstance(value, Mapping):
        value = [f"{key}={item}" for key, item in value.items()]
    if isinstance(value, (list, tuple, np.ndarray)):
        return [f"--{option}={_text(item)}" for item in value]
    return [f"--{option}={_text(value)}"]


def _text(value: Any) -> str:
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)
