"""Spark: the predictions of mapInArrow are those of the program. WINNOW_TEST_SPARK_TEXTS sets the number of texts,
WINNOW_TEST_SPARK_BUNDLE another model."""

import json
import os
import shutil
import sys
import time

import pytest

pyspark = pytest.importorskip("pyspark")
pytest.importorskip("pyarrow")

import winnow.spark  # noqa: E402
from winnow import InvalidArgumentError  # noqa: E402

COUNT = int(os.environ.get("WINNOW_TEST_SPARK_TEXTS", "4000"))


@pytest.fixture(scope="module")
def spark():
    os.environ["PYSPARK_PYTHON"] = sys.executable
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def many(texts):
    return [f"{texts[i % len(texts)]} {i // len(texts)}" for i in range(COUNT)]


def frame(spark, texts):
    return spark.createDataFrame([(i, text) for i, text in enumerate(texts)], "id long, text string").repartition(4)


def rate(work):
    """Texts per second and core, on two cores."""
    began = time.perf_counter()
    work()
    return COUNT / (time.perf_counter() - began) / 2


def test_predictions_of_spark_are_those_of_the_program(spark, many, linear, program):
    bundle = os.environ.get("WINNOW_TEST_SPARK_BUNDLE", str(linear))
    df = frame(spark, many).cache()
    df.count()
    predictions = winnow.spark.classify(df, "text", bundle).select("id", "label", "score")
    found = {row.id: row for row in predictions.collect()}
    expected = program.classify(bundle, many)
    assert len(found) == len(many) == len(expected)
    for i, prediction in enumerate(expected):
        assert found[i].label == prediction["label"]
        assert abs(found[i].score - prediction["score"]) < 1e-6
    of_spark = rate(lambda: predictions.write.format("noop").mode("overwrite").save())
    of_program = rate(lambda: program.classify(bundle, many, "--threads", "2"))
    print(f"\nSpark {pyspark.__version__} local[2], {COUNT} texts: {of_spark:.0f} texts/s per core; program: {of_program:.0f}")


def test_other_columns_and_nulls_stay(spark, texts, linear):
    df = spark.createDataFrame([(1, texts[0]), (2, None), (3, texts[1])], "id long, text string")
    rows = winnow.spark.classify(df, "text", linear, missing="null", probabilities=True, prefix="p_").orderBy("id").collect()
    assert rows[1].p_label is None and rows[1].p_score is None and rows[1].p_probabilities is None
    classifier = winnow.Classifier(linear)
    for row, text in ((rows[0], texts[0]), (rows[2], texts[1])):
        assert row.text == text
        assert row.p_label == classifier.classify(text).label
        assert row.p_probabilities == pytest.approx(classifier.predict_proba([text])[0].tolist())
    with pytest.raises(Exception, match="texts of column 'text' are null"):
        winnow.spark.classify(df, "text", linear).collect()


def test_columns_that_are_taken_or_missing_are_refused(spark, linear):
    df = spark.createDataFrame([("a", "b")], "text string, label string")
    with pytest.raises(InvalidArgumentError, match="has the column label already"):
        winnow.spark.classify(df, "text", linear)
    with pytest.raises(InvalidArgumentError, match="there is no column 'body'"):
        winnow.spark.classify(df, "body", linear)
    for name in ("Label", "SCORE"):
        with pytest.raises(InvalidArgumentError, match="already"):
            winnow.spark.classify(df.withColumnRenamed("label", name), "text", linear)
    twice = df.crossJoin(df.select("text"))
    assert twice.columns.count("text") == 2
    with pytest.raises(InvalidArgumentError, match="2 columns 'text'"):
        winnow.spark.classify(twice, "text", linear, prefix="p_")


def test_multi_label_models_have_a_column_of_all_labels(spark, tmp_path):
    rows = [{"text": f"win cash {i} {'flight' if i % 3 == 0 else ''}", "labels": ["money", *(["travel"] if i % 3 == 0 else [])]} for i in range(60)]
    rows += [{"text": f"flight to rome {i}", "labels": ["travel"]} for i in range(60)]
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    winnow.train(tmp_path / "data.jsonl", tmp_path / "model", kind="lr")
    texts = [row["text"] for row in rows[:6]] + ["nothing of either", None]
    expected = winnow.Classifier(tmp_path / "model").classify(texts[:-1]).to_pandas()
    found = winnow.spark.classify(frame(spark, texts), "text", tmp_path / "model", missing="null").orderBy("id").collect()
    assert [row.labels for row in found] == [*expected["labels"], None]
    assert [row.label for row in found] == [*expected["label"], None]


def test_a_worker_loads_a_bundle_that_takes_the_place_of_another(tmp_path):
    pa = pytest.importorskip("pyarrow")
    bundle = tmp_path / "spam"
    worker = winnow.spark._Worker("text", str(bundle), None, "moderate", None, ["label"], "", "error", 1)
    batch = pa.RecordBatch.from_arrays([pa.array(["a text"])], ["text"])
    for labels in (["ham", "spam"], ["x", "y"]):
        shutil.rmtree(bundle, ignore_errors=True)
        (tmp_path / "data.csv").write_text("text,label\n" + "".join(f"win {i} {labels[i % 2]},{labels[i % 2]}\n" for i in range(40)))
        winnow.train(tmp_path / "data.csv", bundle, kind="lr")
        for _ in range(2):
            (found,) = worker(iter([batch]))
            assert found.column(1)[0].as_py() in labels
    assert len(winnow.spark._loaded) == 1
