"""Classifies a Ray Data set: one classifier per actor, Arrow batches in and out; needs ray[data].

python packages/python/examples/ray_data.py BUNDLE IN.parquet OUT_DIRECTORY [COLUMN]
"""

from __future__ import annotations

import sys
from typing import Any

import winnow


class Classify:
    """A callable of Dataset.map_batches: the bundle is loaded once per actor."""

    def __init__(self, bundle: str, column: str = "text") -> None:
        self._classifier = winnow.Classifier(bundle, threads=1)
        self._column = column

    def __call__(self, table: Any) -> Any:
        found = self._classifier.classify(table[self._column]).to_arrow()
        for name in found.column_names:
            table = table.append_column(name, found[name])
        return table


def main(bundle: str, source: str, target: str, column: str = "text") -> None:
    import ray

    data = ray.data.read_parquet(source)
    # One core stays free for reading and writing, which would otherwise wait for the actors forever.
    actors = max(1, int(ray.cluster_resources()["CPU"]) - 1)
    data.map_batches(
        Classify,
        fn_constructor_args=(bundle, column),
        batch_format="pyarrow",
        batch_size=4096,
        concurrency=actors,
        num_cpus=1,
    ).write_parquet(target)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:5])
