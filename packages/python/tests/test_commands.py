"""train, evaluate, calibrate and quantize: the documents are those of the program; callbacks and Ctrl-C end a training."""

import json
import os
import signal
import threading
import warnings

import numpy as np
import pytest

import winnow
from conftest import MESSAGES
from winnow import CancelledError, InvalidArgumentError, InvalidDataError, NotFoundError, UnsupportedError


def test_training_gives_the_bundle_of_the_program(linear, tmp_path, program):
    info = json.loads((linear / "training_info.json").read_text())
    document = json.loads(program("train", MESSAGES, "--kind", "lr", "--C", "10", "--output-dir", tmp_path / "spam", "--json"))
    assert info["metrics"] == document["metrics"] and info["data_sha256"] == document["data_sha256"]
    assert (linear / "linear.bin").read_bytes() == (tmp_path / "spam" / "linear.bin").read_bytes()


def test_training_tells_its_epochs(tmp_path):
    events = []
    plan = {"data": [MESSAGES], "output-dir": tmp_path / "small", "base_model": "scratch", "max_length": 16, "epochs": 5}
    info = winnow.train(plan, epochs=2, layers=None, callback=events.append)
    evaluations = [event for event in events if event["event"] == "evaluation"]
    assert len(evaluations) == info["epochs_run"] == 2
    assert evaluations[-1]["f1_macro"] == pytest.approx(info["val_macro_f1"], abs=0.2)
    steps = [event for event in events if event["event"] == "step"]
    assert steps[-1]["step"] == steps[-1]["total_steps"] and steps[-1]["loss"] > 0
    assert any("TSV" in event["message"] for event in events if event["event"] == "note")
    assert (tmp_path / "small" / "training.svg").exists()
    assert winnow.Classifier(tmp_path / "small").kind == "transformer"


def test_callbacks_end_a_training(tmp_path):
    with pytest.raises(CancelledError):
        winnow.train(MESSAGES, tmp_path / "a", base_model="scratch", callback=lambda event: event["event"] != "step")
    with pytest.raises(ZeroDivisionError):
        winnow.train(MESSAGES, tmp_path / "b", base_model="scratch", callback=lambda event: 1 / 0)
    assert not (tmp_path / "a").exists() and not (tmp_path / "b").exists()


def test_warnings_are_those_of_python_without_a_callback(tmp_path):
    data = tmp_path / "few.csv"
    data.write_text("text,label\n" + "".join(f"word{n} of {label},{label}\n" for n in range(4) for label in ("a", "b")))
    with pytest.warns(UserWarning, match="fewer than 5 training texts"):
        winnow.train(data, tmp_path / "a", kind="lr")
    events = []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        winnow.train(data, tmp_path / "b", kind="lr", callback=events.append)
    assert any("fewer than 5 training texts" in event["message"] for event in events if event["event"] == "warning")


def test_options_are_those_of_numpy_too(tmp_path):
    kinds = np.array(["lr"])
    info = winnow.train(MESSAGES, tmp_path / "a", kind=kinds[0], C=np.float32(10), keep_data=np.False_, seed=np.int64(7),
                        label_field=np.array(["label"]))
    assert info["hyperparameters"]["C"] == 10 and not (tmp_path / "a" / "calibration.jsonl").exists()


def test_rows_are_no_files(tmp_path):
    table = pytest.importorskip("pandas").DataFrame({"text": ["a", "b"], "label": ["x", "y"]})
    for rows in (table, [{"text": "a", "label": "x"}], [("a", "x")]):
        with pytest.raises(InvalidArgumentError, match="path of a file.*\n.*to_json"):
            winnow.train(rows, tmp_path / "model")


def test_ctrl_c_ends_a_training(tmp_path):
    begun = threading.Event()

    def interrupt():
        begun.wait(240)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        winnow.train(
            MESSAGES,
            tmp_path / "model",
            base_model="scratch",
            epochs=500,
            callback=lambda event: begun.set() if event["event"] == "step" else None,
        )
    thread.join()
    assert not (tmp_path / "model").exists()


def test_evaluation_gives_the_document_of_the_program(linear, program, tmp_path):
    document = winnow.evaluate(linear, MESSAGES, mode="strict")
    assert document == json.loads(program("evaluate", linear, MESSAGES, "--mode", "strict", "--json"))
    assert document["accuracy"] > 0.9 and document["intervals"]["accuracy"]
    winnow.evaluate(linear, [MESSAGES], report=tmp_path / "report")
    assert (tmp_path / "report" / "report.html").exists()


def test_calibration_gives_the_document_of_the_program(linear, program):
    document = winnow.calibrate(linear, max_fpr=0.2, dry_run=True)
    expected = json.loads(program("calibrate", linear, "--max-fpr", "0.2", "--dry-run", "--json"))
    assert document == expected and document["written"] is False


def test_quantization_gives_a_smaller_bundle(transformer, tmp_path):
    document = winnow.quantize(transformer, MESSAGES, output=tmp_path / "int8", max_drop=1)
    assert document["accepted"] if "accepted" in document else document
    assert winnow.Classifier(tmp_path / "int8").weights.startswith("int8")


def test_options_have_the_errors_of_the_program(linear, tmp_path):
    target = tmp_path / "model"
    with pytest.raises(InvalidArgumentError, match="unknown option '--epoch'"):
        winnow.train(MESSAGES, target, epoch=3)
    with pytest.raises(InvalidArgumentError, match="--output-dir is required"):
        winnow.train(MESSAGES, kind="lr")
    with pytest.raises(NotFoundError):
        winnow.train(tmp_path / "nothing.csv", target, kind="lr")
    with pytest.raises(UnsupportedError, match="--folds"):
        winnow.train(MESSAGES, target, kind="lr", folds=3)
    with pytest.raises(InvalidArgumentError, match="json"):
        winnow.train(MESSAGES, target, json=True)
    with pytest.raises(UnsupportedError, match="--robustness"):
        winnow.evaluate(linear, MESSAGES, robustness=True)
    (tmp_path / "bad.csv").write_text("text,label\nhello,\n")
    with pytest.raises(InvalidDataError):
        winnow.train(tmp_path / "bad.csv", target, kind="lr")


def test_environment_variables_are_not_options(linear, monkeypatch):
    monkeypatch.setenv("WINNOW_MODE", "strict")
    assert winnow.evaluate(linear, MESSAGES) == winnow.evaluate(linear, MESSAGES, mode="moderate")
