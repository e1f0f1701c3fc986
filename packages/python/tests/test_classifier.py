"""Classifier: every form of texts gives the predictions of the program."""

import errno
import json
import os
import pickle
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import winnow
from conftest import MESSAGES
from winnow import InvalidArgumentError, InvalidDataError, NotFoundError, WinnowError


@pytest.fixture(scope="module", params=["linear", "transformer"])
def bundle(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def classifier(bundle):
    return winnow.Classifier(bundle)


def forms_of_texts():
    pd = pytest.importorskip("pandas")
    pa = pytest.importorskip("pyarrow")
    pl = pytest.importorskip("polars")
    return {
        "list": list,
        "tuple": tuple,
        "generator": lambda texts: (text for text in texts),
        "NumPy objects": lambda texts: np.array(texts, dtype=object),
        "NumPy strings": np.array,
        "Series": pd.Series,
        "Series of objects": lambda texts: pd.Series(texts, dtype=object),
        "Series of string[python]": lambda texts: pd.Series(texts, dtype="string[python]"),
        "Series of string[pyarrow]": lambda texts: pd.Series(texts, dtype="string[pyarrow]"),
        "Series of ArrowDtype": lambda texts: pd.Series(texts, dtype=pd.ArrowDtype(pa.string())),
        "Series of categories": lambda texts: pd.Series(texts, dtype="category"),
        "Series with another index": lambda texts: pd.Series(texts, index=range(len(texts), 0, -1)),
        "Arrow": pa.array,
        "Arrow, large": lambda texts: pa.array(texts, pa.large_string()),
        "Arrow, views": lambda texts: pa.array(texts, pa.string_view()),
        "Arrow, dictionary": lambda texts: pa.array(texts).dictionary_encode(),
        "Arrow, slice": lambda texts: pa.array(["x", *texts, "y"])[1:-1],
        "Arrow, slice of a dictionary": lambda texts: pa.array(["x", *texts, "y"]).dictionary_encode()[1:-1],
        "Arrow, chunks": lambda texts: pa.chunked_array([texts[:7], [], texts[7:]], pa.string()),
        "Polars": pl.Series,
        "Polars, categories": lambda texts: pl.Series(texts, dtype=pl.Categorical),
    }


@pytest.mark.parametrize("form", sorted(forms_of_texts()))
def test_forms_of_texts_give_equal_predictions(classifier, texts, form):
    texts = [*texts[:90], "", "é\u0000🙂", "x" * 13]
    expected = np.stack([classifier.predict_proba([text])[0] for text in texts[-5:]])
    given = classifier.predict_proba(forms_of_texts()[form](texts))
    assert given.shape == (len(texts), 2) and given.dtype == np.float32
    np.testing.assert_allclose(given[-5:], expected, atol=1e-6)
    np.testing.assert_array_equal(given, classifier.predict_proba(texts))


def test_predictions_are_those_of_the_program(bundle, classifier, texts, program):
    expected = program.classify(bundle, texts[:200])
    found = classifier.classify(texts[:200])
    assert len(found) == 200
    for prediction, of_program in zip(found, expected):
        document = prediction.as_dict()
        assert document.keys() | {"row"} == of_program.keys() | {"row"}
        for key in ("label", "decision", "abstained", "threshold"):
            assert document[key] == of_program[key]
        assert document["score"] == pytest.approx(of_program["score"], abs=1e-6)
        assert [score["label"] for score in document["scores"]] == [score["label"] for score in of_program["scores"]]


def test_modes_and_thresholds_are_those_of_the_program(linear, texts, program):
    classifier = winnow.Classifier(linear)
    for options, flags in (({"mode": "strict"}, ("--mode", "strict")), ({"threshold": 0.9}, ("--threshold", "0.9"))):
        expected = [prediction["decision"] for prediction in program.classify(linear, texts, *flags)]
        assert classifier.predict(texts, **options).tolist() == expected
        assert [prediction.label for prediction in classifier.classify(texts, **options)] == expected


def test_one_text_gives_one_prediction(classifier):
    prediction = classifier.classify("You won a prize, call now", top_k=1)
    assert prediction.label in classifier.labels
    assert list(prediction.scores) == [prediction.label]
    assert prediction.confidence == pytest.approx(prediction.scores[prediction.label])
    assert pickle.loads(pickle.dumps(prediction)) == prediction


def test_properties_describe_the_bundle(linear, transformer):
    classifier = winnow.Classifier(transformer, threads=1, long_text="windows")
    manifest = json.loads((transformer / "winnow.json").read_text())
    assert classifier.labels == ["ham", "spam"]
    assert classifier.temperature == pytest.approx(manifest["temperature"])
    assert classifier.positive_label == "spam"
    assert classifier.thresholds == {"strict": 0.3, "moderate": 0.5, "lenient": 0.7}
    assert (classifier.kind, classifier.weights, classifier.max_length) == ("transformer", "f32", 32)
    assert (classifier.long_text, classifier.fold_disguises, classifier.multi_label) == ("windows", False, False)
    assert winnow.Classifier(linear, fold_disguises=True).fold_disguises


@pytest.mark.parametrize(
    "texts, message",
    [
        (["a", None], "row 1 has no text"),
        (["a", float("nan"), None], "rows 1, 2 have no text"),
        (["a", 1.5], "row 1 is not a text but of type float"),
        (["a", b"b"], "row 1 is not a text but of type bytes"),
    ],
)
def test_rows_without_text_are_refused_by_number(classifier, texts, message):
    pd = pytest.importorskip("pandas")
    for form in (list, lambda given: pd.Series(given, dtype=object)):
        with pytest.raises(InvalidDataError, match=message) as raised:
            classifier.classify(form(texts))
        assert raised.value.code == "invalid_data" and raised.value.hint


def test_nulls_of_arrow_are_refused_by_number(classifier):
    pd = pytest.importorskip("pandas")
    pa = pytest.importorskip("pyarrow")
    pl = pytest.importorskip("polars")
    texts = ["a"] * 20
    texts[9] = texts[17] = None
    for given in (
        pa.array(texts),
        pa.array(texts, pa.string_view()),
        pa.array(texts).dictionary_encode(),
        pa.array(["x", *texts])[1:],
        pa.chunked_array([texts[:5], texts[5:]]),
        pl.Series(texts),
        pd.Series(texts, dtype="string[pyarrow]"),
    ):
        with pytest.raises(InvalidDataError, match="rows 9, 17 have no text"):
            classifier.classify(given)
    with pytest.raises(InvalidDataError, match="rows 0, 1 have no text"):
        classifier.classify(pa.nulls(2))


def test_other_columns_are_refused(classifier):
    pd = pytest.importorskip("pandas")
    pa = pytest.importorskip("pyarrow")
    with pytest.raises(InvalidDataError, match="Arrow format 'l'"):
        classifier.classify(pa.array([1, 2]))
    with pytest.raises(InvalidDataError, match="this is a table"):
        classifier.classify(pa.table({"a": ["b"]}))
    with pytest.raises(InvalidArgumentError, match="DataFrame"):
        classifier.classify(pd.DataFrame({"a": ["b"]}))
    with pytest.raises(InvalidArgumentError, match="one dimension"):
        classifier.classify(np.array([["a"]]))
    with pytest.raises(InvalidArgumentError, match="not int"):
        classifier.classify(3)


def test_hostile_arrow_arrays_are_refused(classifier):
    pa = pytest.importorskip("pyarrow")
    offsets = pa.py_buffer(np.array([0, 5, 2], dtype=np.int32).tobytes())
    with pytest.raises(InvalidDataError, match="offsets of this one decrease"):
        classifier.classify(pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"hello")]))
    words = pa.array(["a"])
    with pytest.raises(InvalidDataError, match="beyond its dictionary"):
        classifier.classify(pa.DictionaryArray.from_arrays(pa.array([0, 7], pa.int8()), words, safe=False))


def test_arrow_arrays_are_released(classifier):
    pa = pytest.importorskip("pyarrow")
    before = pa.total_allocated_bytes()
    for _ in range(5):
        classifier.predict_proba(pa.array(["text"] * 5000))
    assert pa.total_allocated_bytes() == before


def test_lone_surrogates_are_replacement_characters(classifier):
    for given, read in (("a \ud800 b", "a \ufffd b"), ("win\udfff\ud83d now \ud7ff", "win\ufffd\ufffd now \ud7ff")):
        assert classifier.classify(given).scores == classifier.classify(read).scores
        assert classifier.explain(given).words == classifier.explain(read).words
        assert classifier.predict_proba([given, "b"])[0].tolist() == classifier.predict_proba([read])[0].tolist()


def test_separators_of_segments_are_spaces(classifier, program, bundle):
    given, read = "win\x1ea prize\x1e", "win a prize "
    assert classifier.classify(given).scores == classifier.classify(read).scores
    assert classifier.explain(given).score == classifier.explain(read).score
    (line,) = program("classify", bundle, "--json", "--", given).splitlines()
    assert json.loads(line)["score"] == pytest.approx(classifier.classify(read).score, abs=1e-6)


def test_no_texts_give_no_predictions(classifier):
    assert classifier.predict_proba([]).shape == (0, 2)
    assert len(classifier.classify([])) == 0 and classifier.predict([]).tolist() == []


def test_predictions_are_a_sequence_and_columns(classifier, texts):
    found = classifier.classify(texts[:10])
    assert found[-1] == found[9] and found[2:4] == [found[2], found[3]]
    with pytest.raises(IndexError):
        found[10]
    assert found.label.tolist() == [prediction.label for prediction in found]
    pytest.importorskip("pandas")
    frame = found.to_pandas()
    assert list(frame.columns) == ["label", "score", "confidence", "abstained"] and len(frame) == 10
    pytest.importorskip("pyarrow")
    assert found.to_arrow().num_rows == 10
    assert classifier.classify([]).to_arrow().schema == found.to_arrow().schema


def test_explanations_add_up_and_are_shown(classifier):
    text = "You <won> a prize, call 0808 157 0199 now"
    explanation = classifier.explain(text)
    assert explanation.label == "spam" and explanation.text == text
    for word in explanation.words:
        assert text[word.begin : word.end] == word.text
    if explanation.exact:
        log_odds = explanation.base + sum(word.effect for word in explanation.words)
        assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(explanation.score, abs=1e-5)
    page = classifier.classify(text)._repr_html_()
    assert "&lt;" in page and "<won>" not in page and "prize" in page and f"{explanation.score:.1%}" in page
    several = classifier.classify([text, "hi"])
    assert f">{several.label[0]}</td>" in several._repr_html_()


def test_errors_have_codes_and_hints(linear, tmp_path):
    with pytest.raises(NotFoundError) as raised:
        winnow.Classifier(tmp_path / "nothing")
    assert isinstance(raised.value, FileNotFoundError) and isinstance(raised.value, WinnowError)
    assert raised.value.code == "not_found" and "nothing" in raised.value.message and raised.value.hint
    for error in (raised.value, pickle.loads(pickle.dumps(raised.value))):
        assert (error.hint, error.errno, error.strerror) == (raised.value.hint, errno.ENOENT, raised.value.message)
    classifier = winnow.Classifier(linear)
    with pytest.raises(InvalidArgumentError, match="threads: -1"):
        winnow.Classifier(linear, threads=-1)
    for options in ({"mode": "lax"}, {"threshold": 2.0}, {"top_k": -1}, {"abstain_below": float("nan")}):
        with pytest.raises(InvalidArgumentError):
            classifier.classify("a", **options)
    for options in ({"weights": "int4"}, {"long_text": "tail"}):
        with pytest.raises(InvalidArgumentError):
            winnow.Classifier(linear, **options)


def test_a_changed_bundle_is_refused(linear, tmp_path):
    import shutil

    copy = shutil.copytree(linear, tmp_path / "copy")
    contents = bytearray((copy / "linear.bin").read_bytes())
    contents[200] ^= 1
    (copy / "linear.bin").write_bytes(bytes(contents))
    with pytest.raises(winnow.InvalidModelError):
        winnow.Classifier(copy)
    assert winnow.Classifier(copy, verify=False).labels == ["ham", "spam"]


def test_classifiers_survive_pickling_and_forks(classifier, texts):
    expected = classifier.predict_proba(texts[:50])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(classifier)).predict_proba(texts[:50]), expected)
    child = os.fork()
    if child == 0:
        equal = bool(np.array_equal(classifier.predict_proba(texts[:50]), expected))
        os._exit(0 if equal else 1)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("end", ["exit", "drop", "use and drop"])
def test_a_forked_child_drops_a_classifier_of_its_parent(linear, texts, end):
    """A child that ends, or drops what it inherited, does not wait for threads that are not there."""
    program = f"""
import os, sys, winnow
classifier = winnow.Classifier({str(linear)!r}, threads=3)
classifier.classify({texts[:20]!r})
child = os.fork()
if child == 0:
    if {end!r} == "use and drop":
        classifier.classify("a text")
    if {end!r} != "exit":
        del classifier
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
classifier.classify("a text")
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=240)


def test_threads_classify_at_once(classifier, texts):
    expected = classifier.predict_proba(texts)
    wrong = []

    def work():
        for _ in range(3):
            if not np.allclose(classifier.predict_proba(texts), expected, atol=1e-6):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_daemon_thread_does_not_disturb_the_end_of_the_interpreter(linear, texts):
    program = f"""
import threading, winnow
classifier, texts = winnow.Classifier({str(linear)!r}, threads=2), {texts[:20]!r}
begun = threading.Event()

def work():
    while True:
        classifier.predict_proba(texts)
        begun.set()

for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
begun.wait()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_ends_a_classification(transformer, texts):
    classifier = winnow.Classifier(transformer, threads=2)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        while True:
            classifier.predict_proba(texts * 50)
    timer.join()
    assert classifier.predict_proba(texts[:2]).shape == (2, 2)


def test_the_interpreter_is_free_while_texts_are_classified(transformer, texts):
    classifier = winnow.Classifier(transformer, threads=1)
    done = threading.Event()
    many = texts * 20

    def work():
        classifier.predict_proba(many)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    turns = 0
    while not done.wait(0.001):
        turns += 1
    thread.join()
    assert turns > 5


@pytest.fixture(scope="module")
def templated(tmp_path_factory):
    """A bundle whose texts a template makes of two fields."""
    home = tmp_path_factory.mktemp("templated")
    with (home / "data.jsonl").open("w", encoding="utf-8") as file:
        for line in MESSAGES.read_text(encoding="utf-8").splitlines()[1:]:
            label, text = line.split("\t", 1)
            file.write(json.dumps({"subject": text[:20], "body": text[20:], "label": label}) + "\n")
    winnow.train(home / "data.jsonl", home / "model", kind="lr", C=10, template="{subject} {body:400}")
    return home / "model"


def test_templates_make_texts_of_columns(templated, texts):
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    classifier = winnow.Classifier(templated)
    assert classifier.text_template == "{subject} {body:400}"
    rows = [{"subject": text[:20], "body": text[20:], "other": "x"} for text in texts[:40]]
    expected = classifier.predict_proba(rows)
    frame = pd.DataFrame(rows)
    np.testing.assert_array_equal(classifier.predict_proba(frame), expected)
    np.testing.assert_array_equal(classifier.predict_proba(pl.DataFrame(rows)), expected)
    np.testing.assert_array_equal(classifier.predict_proba(frame.to_dict("list")), expected)
    assert classifier.classify(rows[0]).scores["spam"] == pytest.approx(expected[0, 1])
    # One row: its other fields do not matter, and a missing one is empty.
    for row in ({**rows[0], "id": 7, "tags": ["x"]}, {**rows[0], "other": None}):
        assert classifier.classify(row).scores["spam"] == pytest.approx(expected[0, 1])
        assert classifier.predict_proba(row).shape == (1, 2) and len(classifier.predict(row)) == 1
    alone = classifier.classify({"subject": "abc"}).scores["spam"]
    assert classifier.classify({"subject": "abc", "body": float("nan")}).scores["spam"] == alone
    for wrong, error, match in (
        ({"subject": "abc", "body": 5}, InvalidDataError, "row 0 is not a text"),
        ({"subject": "abc", "body": ["d", "e", "f"]}, InvalidArgumentError, "'subject' is one value"),
        ([rows[0], "a text"], InvalidDataError, "row 1 is not a dictionary"),
    ):
        with pytest.raises(error, match=match):
            classifier.classify(wrong)
    joined = [f"{row['subject']} {row['body']}" for row in rows]
    np.testing.assert_allclose(classifier.predict_proba(joined), expected, atol=1e-6)
    frame.loc[3, "body"] = None
    assert classifier.predict_proba(frame)[3, 1] == pytest.approx(classifier.classify({"subject": rows[3]["subject"]}).scores["spam"])
    with pytest.raises(InvalidArgumentError, match="none of the columns other"):
        classifier.classify(frame[["other"]])


def test_views_of_several_buffers_are_read(classifier):
    pa = pytest.importorskip("pyarrow")
    views = pa.concat_arrays([pa.array(["a long text of the first buffer", "short"], pa.string_view()), pa.array(["another long text, of the second"], pa.string_view())])
    np.testing.assert_array_equal(classifier.predict_proba(views), classifier.predict_proba(views.to_pylist()))


