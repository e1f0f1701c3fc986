"""WinnowClassifier keeps scikit-learn's contract. check_estimator runs no check on estimators of text, so these do."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone, is_classifier  # noqa: E402
from sklearn.calibration import CalibratedClassifierCV  # noqa: E402
from sklearn.ensemble import VotingClassifier  # noqa: E402
from sklearn.exceptions import NotFittedError  # noqa: E402
from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import Pipeline, make_pipeline  # noqa: E402
from sklearn.utils.validation import has_fit_parameter  # noqa: E402

from winnow import InvalidDataError, UnsupportedError  # noqa: E402
from winnow.sklearn import WinnowClassifier  # noqa: E402


@pytest.fixture(scope="module")
def data(messages):
    return messages[0], np.array(messages[1])


@pytest.fixture(scope="module")
def fitted(data):
    return WinnowClassifier(C=10).fit(*data)


def test_parameters_are_stored_unchanged_and_cloned():
    options = {"fold_disguises": True}
    model = WinnowClassifier("svm", C=3, options=options, random_state=7)
    assert model.get_params()["options"] is options
    copied = clone(model)
    assert copied is not model and copied.get_params() == model.get_params()
    assert model.set_params(C=5, kind="lr") is model and (model.C, model.kind) == (5, "lr")
    with pytest.raises(ValueError):
        model.set_params(c=5)
    assert is_classifier(model) and "C=5" in repr(model)


def test_cloning_forgets_what_was_fitted(fitted, data):
    with pytest.raises(NotFittedError):
        clone(fitted).predict(data[0])


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba", "decision_function", "explain", "save"])
def test_an_unfitted_model_says_so(method):
    with pytest.raises(NotFittedError):
        getattr(WinnowClassifier(), method)(["text"])


def test_parameters_are_checked_in_fit(data):
    model = WinnowClassifier(kind="forest")
    with pytest.raises(ValueError, match="forest"):
        model.fit(*data)


def test_fit_returns_the_model_and_keeps_its_arguments(data):
    texts, labels = data
    before = list(texts), labels.copy()
    model = WinnowClassifier(C=1)
    assert model.fit(texts, labels) is model
    assert texts == before[0] and (labels == before[1]).all()


def test_classes_are_sorted_and_columns_follow_them(fitted, data):
    texts, labels = data
    assert fitted.classes_.tolist() == ["ham", "spam"]
    probabilities = fitted.predict_proba(texts)
    assert probabilities.shape == (len(texts), 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(fitted.predict(texts), fitted.classes_[probabilities.argmax(axis=1)])
    np.testing.assert_array_equal(fitted.decision_function(texts) > 0, fitted.predict(texts) == "spam")
    assert fitted.score(texts, labels) > 0.95


@pytest.mark.parametrize(
    "convert",
    [
        lambda y: (y == "spam").astype(int),
        lambda y: y == "spam",
        lambda y: np.where(y == "spam", -1, 1),
        lambda y: np.where(y == "spam", "a, b", "c=d"),
        lambda y: np.where(y == "spam", " x", "x"),
        lambda y: np.array([f"{label}{i % 2}" for i, label in enumerate(y)], dtype=object),
        lambda y: y.tolist(),
    ],
    ids=["ints", "bools", "negative", "commas", "spaces", "four", "list"],
)
def test_labels_are_of_any_kind(data, convert):
    texts, labels = data[0], convert(data[1])
    model = WinnowClassifier(C=10).fit(texts, labels)
    assert model.classes_.tolist() == sorted(set(np.asarray(labels).tolist()))
    assert model.predict(texts).dtype == np.asarray(labels).dtype
    assert set(model.predict(texts).tolist()) <= set(model.classes_.tolist())
    assert model.predict_proba(texts).shape[1] == len(model.classes_)


def test_class_weights_are_those_of_the_classes(data):
    texts, labels = data
    numbers = np.where(labels == "spam", 7, 3)
    light = WinnowClassifier(C=1, class_weight={7: 0.02, 3: 1}, validation_size=0.3).fit(texts, numbers)
    heavy = WinnowClassifier(C=1, class_weight={7: 50}, validation_size=0.3).fit(texts, numbers)
    assert heavy.training_info_["hyperparameters"]["class_weights"] == {"7": 50.0}
    assert np.abs(heavy.predict_proba(texts) - light.predict_proba(texts)).max() > 0.01
    with pytest.raises(ValueError, match="class_weight has classes that y does not have"):
        WinnowClassifier(class_weight={"spma": 2}).fit(texts, labels)


def test_texts_are_of_any_form(fitted, data):
    pd = pytest.importorskip("pandas")
    texts, labels = data
    expected = fitted.predict_proba(texts)
    for form in (np.array(texts), np.array(texts, dtype=object), pd.Series(texts, index=range(5, 5 + len(texts)))):
        np.testing.assert_array_equal(fitted.predict_proba(form), expected)
        np.testing.assert_array_equal(WinnowClassifier(C=10).fit(form, pd.Series(labels)).predict_proba(form), expected)


def test_what_has_no_meaning_is_refused(data):
    texts, labels = data
    with pytest.raises(UnsupportedError, match="sample_weight"):
        WinnowClassifier().fit(texts, labels, sample_weight=np.ones(len(labels)))
    assert not has_fit_parameter(WinnowClassifier(), "sample_weight")
    with pytest.raises(ValueError, match="one class"):
        WinnowClassifier().fit(texts[:3], ["a", "a", "a"])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        WinnowClassifier().fit(texts, labels[:-1])
    with pytest.raises(UnsupportedError, match="single-label"):
        WinnowClassifier().fit(texts[:4], np.array([[0, 1], [1, 1], [1, 0], [0, 0]]))
    with pytest.raises(ValueError, match="Unknown label type"):
        WinnowClassifier().fit(texts[:4], [0.1, 0.2, 0.3, 0.4])
    with pytest.raises(InvalidDataError, match="row 1 has no text"):
        WinnowClassifier().fit(["a", None, "b"], ["x", "y", "x"])


def test_threads_may_share_a_classifier_that_was_just_unpickled(fitted, data):
    from concurrent.futures import ThreadPoolExecutor

    expected = fitted.predict(data[0][:4])
    for _ in range(5):
        restored = pickle.loads(pickle.dumps(fitted))
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(restored.predict, [data[0][:4]] * 8):
                np.testing.assert_array_equal(found, expected)


def test_pickles_contain_the_bundle(fitted, data):
    texts, _ = data
    expected = fitted.predict_proba(texts)
    pickled = pickle.dumps(fitted)
    for restored in (pickle.loads(pickled), pickle.loads(pickle.dumps(pickle.loads(pickled))), copy.deepcopy(fitted)):
        np.testing.assert_array_equal(restored.predict_proba(texts), expected)
        assert restored.classes_.tolist() == fitted.classes_.tolist()
    joblib = pytest.importorskip("joblib")
    results = joblib.Parallel(n_jobs=2)(joblib.delayed(fitted.predict_proba)(texts) for _ in range(2))
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_a_forked_child_leaves_the_bundle_to_its_parent():
    program = """
import os, pickle, sys
from winnow.sklearn import WinnowClassifier
texts = [f"{text} {i}" for i in range(20) for text in ("win cash now", "see you at lunch")]
fitted = WinnowClassifier(n_jobs=2).fit(texts, ["spam", "ham"] * 20)
restored = pickle.loads(pickle.dumps(fitted))
restored.predict(texts)
for _ in range(2):
    child = os.fork()
    if child == 0:
        assert list(fitted.predict(texts)) == list(restored.predict(texts))
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0
for model in (fitted, restored):
    assert list(pickle.loads(pickle.dumps(model)).predict(texts)) == ["spam", "ham"] * 20
print(fitted._home.name, restored._home.name)
"""
    done = subprocess.run([sys.executable, "-c", program], check=True, timeout=240, capture_output=True, text=True)
    assert not [directory for directory in done.stdout.split() if os.path.exists(directory)], "they end with their process"


def test_the_bundle_is_saved_for_others(fitted, data, tmp_path):
    saved = fitted.save(tmp_path / "spam")
    np.testing.assert_array_equal(saved.predict_proba(data[0]), fitted.predict_proba(data[0]))
    assert not list((tmp_path / "spam").glob("*.jsonl"))


def test_random_states_are_reproducible(data):
    texts, labels = data[0][:200], data[1][:200]

    def probabilities(random_state):
        model = WinnowClassifier("transformer", base_model="scratch", epochs=1, max_length=16, random_state=random_state, n_jobs=1)
        return model.fit(texts, labels).predict_proba(texts[:50])

    np.testing.assert_array_equal(probabilities(1), probabilities(1))
    assert (probabilities(1) != probabilities(2)).any()


def test_grid_search_and_cross_validation(data):
    search = GridSearchCV(WinnowClassifier(), {"C": [0.01, 10]}, cv=3, n_jobs=2).fit(*data)
    assert search.best_params_ == {"C": 10} and search.best_score_ > 0.9
    assert search.best_estimator_.predict(data[0][:3]).shape == (3,)
    scores = cross_val_score(WinnowClassifier(C=10), *data, cv=3, scoring="roc_auc")
    assert scores.shape == (3,) and scores.min() > 0.9


def test_calibrated_classifier(data):
    model = CalibratedClassifierCV(WinnowClassifier(C=10), cv=3).fit(*data)
    assert model.score(*data) > 0.95 and model.predict_proba(data[0]).shape == (len(data[0]), 2)


def test_pipelines(data):
    model = Pipeline([("model", WinnowClassifier(C=1))]).set_params(model__C=10).fit(*data)
    assert model.named_steps["model"].C == 10 and model.score(*data) > 0.95
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(data[0]), model.predict(data[0]))


def test_voting(data):
    ours, theirs = WinnowClassifier(C=10), make_pipeline(TfidfVectorizer(), LogisticRegression())
    for voting in ("soft", "hard"):
        model = VotingClassifier([("winnow", ours), ("sklearn", theirs)], voting=voting).fit(*data)
        assert model.score(*data) > 0.95 and model.classes_.tolist() == ["ham", "spam"]


def test_thresholds_move_decisions(data):
    texts = data[0]
    model = WinnowClassifier(C=10).fit(*data)
    usual = (model.predict(texts) == "spam").sum()
    assert (model.set_params(threshold=1e-3).predict(texts) == "spam").sum() > usual
    assert (model.set_params(threshold=0.9999).predict(texts) == "spam").sum() < usual
