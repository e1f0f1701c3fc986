"""from_sklearn: bundles have the probabilities of the pipelines; parameters without an equal are refused by name."""

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from sklearn.calibration import CalibratedClassifierCV  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression, SGDClassifier  # noqa: E402
from sklearn.multiclass import OneVsRestClassifier  # noqa: E402
from sklearn.naive_bayes import MultinomialNB  # noqa: E402
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline  # noqa: E402
from sklearn.preprocessing import MaxAbsScaler, MultiLabelBinarizer  # noqa: E402
from sklearn.svm import LinearSVC  # noqa: E402

import winnow  # noqa: E402
from conftest import real_messages  # noqa: E402
from winnow import UnsupportedError  # noqa: E402


@pytest.fixture(scope="module")
def data():
    texts, labels = real_messages()
    return texts[:2500], np.array(labels[:2500])


@pytest.fixture(scope="module")
def three(data):
    """Three classes: spam, questions and the rest."""
    texts, labels = data
    return texts, np.array(["spam" if label == "spam" else "question" if "?" in text else "other" for text, label in zip(texts, labels)])


def words(**options):
    return TfidfVectorizer(**options)


def union():
    return FeatureUnion(
        [("words", TfidfVectorizer(ngram_range=(1, 2))), ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)))],
        transformer_weights={"characters": 0.5},
    )


FEATURES = {
    "words": lambda: words(),
    "words 1-3, sublinear": lambda: words(ngram_range=(1, 3), sublinear_tf=True, max_features=5000),
    "words, case kept, no idf": lambda: words(lowercase=False, use_idf=False),
    "words, no norm": lambda: words(norm=None),
    "words of one letter": lambda: words(token_pattern=r"(?u)\b\w+\b"),
    "words without stop words": lambda: words(stop_words="english"),
    "characters": lambda: words(analyzer="char", ngram_range=(1, 4), max_features=8000),
    "characters within words": lambda: words(analyzer="char_wb", ngram_range=(2, 5), min_df=2),
    "counts": lambda: CountVectorizer(),
    "counts, then TF-IDF": lambda: make_pipeline(CountVectorizer(), TfidfTransformer(sublinear_tf=True)),
    "words and characters": union,
}
ESTIMATORS = {
    "LogisticRegression": lambda: LogisticRegression(C=10, max_iter=1000),
    "SGD, log loss": lambda: SGDClassifier(loss="log_loss", random_state=1),
    "naive Bayes": lambda: MultinomialNB(),
    "one versus rest": lambda: OneVsRestClassifier(LogisticRegression(C=10)),
    "calibrated SVM": lambda: CalibratedClassifierCV(LinearSVC(), ensemble=False, cv=3),
    "calibrated SGD": lambda: CalibratedClassifierCV(SGDClassifier(random_state=1), ensemble=False, cv=3),
}


def check(pipeline, texts, tmp_path):
    bundle = winnow.from_sklearn(pipeline, tmp_path / "model")
    expected = pipeline.predict_proba(texts)
    assert bundle.labels == [str(label) for label in pipeline.classes_]
    np.testing.assert_allclose(bundle.predict_proba(texts), expected, atol=1e-6)
    return bundle


@pytest.mark.parametrize("features", FEATURES)
def test_features(data, tmp_path, features):
    pipeline = make_pipeline(FEATURES[features](), LogisticRegression(C=10, max_iter=1000)).fit(*data)
    bundle = check(pipeline, data[0], tmp_path)
    assert (bundle.predict(data[0]) == pipeline.predict(data[0])).mean() == 1


@pytest.mark.parametrize("labels", ["two", "three"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_estimators(data, three, tmp_path, estimator, labels):
    texts, y = data if labels == "two" else three
    pipeline = make_pipeline(TfidfVectorizer(max_features=3000), ESTIMATORS[estimator]()).fit(texts, y)
    check(pipeline, texts, tmp_path)


@pytest.mark.parametrize("labels", ["two", "three"])
@pytest.mark.parametrize("estimator", [LinearSVC(), SGDClassifier(loss="hinge", random_state=1)], ids=["SVC", "SGD"])
def test_estimators_without_probabilities_decide_alike(data, three, tmp_path, estimator, labels):
    texts, y = data if labels == "two" else three
    pipeline = make_pipeline(TfidfVectorizer(), estimator).fit(texts, y)
    bundle = winnow.from_sklearn(pipeline, tmp_path / "model")
    scores = pipeline.decision_function(texts)
    margin = np.abs(scores) if scores.ndim == 1 else np.diff(np.sort(scores, axis=1)[:, -2:], axis=1)[:, 0]
    clear = margin > 1e-5
    np.testing.assert_array_equal(bundle.predict(texts)[clear], pipeline.predict(texts)[clear])


def test_a_calibrated_pipeline(data, tmp_path):
    inner = make_pipeline(TfidfVectorizer(), LinearSVC())
    check(CalibratedClassifierCV(inner, ensemble=False, cv=3).fit(*data), data[0], tmp_path)


def test_several_labels_per_text(data, tmp_path):
    texts = data[0]
    sets = [[name for name, mark in (("question", "?"), ("shout", "!"), ("number", "0")) if mark in text] for text in texts]
    y = MultiLabelBinarizer().fit_transform(sets)
    pipeline = make_pipeline(TfidfVectorizer(), OneVsRestClassifier(LogisticRegression())).fit(texts, y)
    bundle = winnow.from_sklearn(pipeline, tmp_path / "model", labels=["number", "question", "shout"])
    assert bundle.multi_label
    np.testing.assert_allclose(bundle.predict_proba(texts), pipeline.predict_proba(texts), atol=1e-6)
    assert bundle.classify(texts[:50])[0].labels is not None


def test_names_and_versions(data, tmp_path):
    pipeline = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(data[0], data[1] == "spam")
    bundle = winnow.from_sklearn(pipeline, tmp_path / "model", labels=["ham", "spam"], positive_label="spam", name="sms")
    assert (bundle.labels, bundle.positive_label, bundle.name, bundle.kind) == (["ham", "spam"], "spam", "sms", "lr")
    with pytest.raises(UnsupportedError, match="3 names were given, but the pipeline has 2 classes"):
        winnow.from_sklearn(pipeline, tmp_path / "other", labels=["a", "b", "c"])
    assert winnow.from_sklearn(pipeline, tmp_path / "numbers", labels=[0, 1]).labels == ["0", "1"]


@pytest.mark.parametrize(
    "pipeline, message",
    [
        (make_pipeline(words(binary=True), LogisticRegression()), r"TfidfVectorizer\(binary=True\)"),
        (make_pipeline(words(norm="l1"), LogisticRegression()), r"TfidfVectorizer\(norm='l1'\)"),
        (make_pipeline(words(strip_accents="unicode"), LogisticRegression()), r"strip_accents='unicode'"),
        (make_pipeline(words(tokenizer=str.split, token_pattern=None), LogisticRegression()), "tokenizer="),
        (make_pipeline(words(preprocessor=str.upper), LogisticRegression()), "preprocessor="),
        (make_pipeline(words(token_pattern=r"[a-z]+"), LogisticRegression()), "token_pattern="),
        (make_pipeline(words(stop_words=["the"], ngram_range=(1, 2)), LogisticRegression()), r"stop_words=\['the'\]"),
        (make_pipeline(words(), MaxAbsScaler(), LogisticRegression()), "MaxAbsScaler between"),
        (make_pipeline(words(), SGDClassifier(loss="modified_huber")), "loss='modified_huber'"),
        (make_pipeline(words(), CalibratedClassifierCV(LinearSVC(), cv=3)), "ensemble='auto'|ensemble=True"),
        (make_pipeline(words(), CalibratedClassifierCV(LinearSVC(), method="isotonic", ensemble=False, cv=3)), "method='isotonic'"),
        (make_pipeline(words(), CalibratedClassifierCV(MultinomialNB(), ensemble=False, cv=3)), "without decision_function"),
        (Pipeline([("a", FeatureUnion([("w", words()), ("v", words())])), ("b", LogisticRegression())]), "FeatureUnion of word, word"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_parameters_without_an_equal_are_refused_by_name(messages, tmp_path, pipeline, message):
    pipeline.fit(*messages)
    with pytest.raises(UnsupportedError, match=message):
        winnow.from_sklearn(pipeline, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_other_estimators_are_refused_by_name(messages, tmp_path):
    from sklearn.ensemble import RandomForestClassifier

    pipeline = make_pipeline(TfidfVectorizer(), RandomForestClassifier(n_estimators=2)).fit(*messages)
    with pytest.raises(UnsupportedError, match="RandomForestClassifier has no equal"):
        winnow.from_sklearn(pipeline, tmp_path / "model")
    with pytest.raises(UnsupportedError, match="a fitted Pipeline was expected, not LogisticRegression"):
        winnow.from_sklearn(LogisticRegression(), tmp_path / "model")
