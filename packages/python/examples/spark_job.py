"""Classifies a column of a Parquet data set with Spark; needs pyspark and pyarrow.

spark-submit packages/python/examples/spark_job.py BUNDLE IN.parquet OUT.parquet [COLUMN]
"""

from __future__ import annotations

import sys

from pyspark.sql import SparkSession

import winnow.spark


def main(bundle: str, source: str, target: str, column: str = "text") -> None:
    spark = SparkSession.builder.appName("winnow").getOrCreate()
    messages = spark.read.parquet(source)
    winnow.spark.classify(messages, column, bundle, missing="null").write.parquet(target)
    spark.stop()


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:5])
