"""Classifies a column of a Parquet file and writes a Parquet file, in batches; needs pyarrow.

python packages/python/examples/parquet.py BUNDLE IN.parquet OUT.parquet [COLUMN]
"""

from __future__ import annotations

import sys

import pyarrow as pa
import pyarrow.parquet as pq

import winnow


def classify_parquet(bundle: str, source: str, target: str, column: str = "text", batch_size: int = 16384) -> int:
    """Copies a Parquet file with the columns label, score, confidence and abstained added; returns the number of rows."""
    classifier = winnow.Classifier(bundle)
    writer, rows = None, 0
    with pq.ParquetFile(source) as file:
        for batch in file.iter_batches(batch_size=batch_size):
            table = pa.Table.from_batches([batch])
            found = classifier.classify(table[column]).to_arrow()
            for name in found.column_names:
                table = table.append_column(name, found[name])
            if writer is None:
                writer = pq.ParquetWriter(target, table.schema)
            writer.write_table(table)
            rows += table.num_rows
    if writer is not None:
        writer.close()
    return rows


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    bundle, source, target, *column = sys.argv[1:5]
    print(classify_parquet(bundle, source, target, column[0] if column else "text"), "rows")
