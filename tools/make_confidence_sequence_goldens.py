#!/usr/bin/env python3
"""Prints the numbers of src/experiment/confidence_sequence_test.cpp, computed by the authors' package confseq 0.0.11.

    pip install 'numpy<2' scipy multiprocess
    pip download --no-deps --no-binary :all: --no-build-isolation confseq==0.0.11; tar xzf confseq-0.0.11.tar.gz
    PYTHONPATH=confseq-0.0.11/src tools/make_confidence_sequence_goldens.py

The source package is used as it is, since confseq.predmix is plain Python and the compiled parts are not needed.
"""
import numpy as np
from confseq.predmix import predmix_empbern_twosided_cs


def observations(n, modulus):
    """Numbers that a test can compute again: (37 i² + 11 i) mod modulus, scaled to [0, 1]."""
    return np.array([((37 * i * i + 11 * i) % modulus) / (modulus - 1) for i in range(1, n + 1)])


SEQUENCES = {
    "uneven": observations(1000, 101),
    "zeros and ones": np.array([1.0 if (37 * i * i + 11 * i) % 101 < 20 else 0.0 for i in range(1, 1001)]),
    "zeros": np.zeros(1000),
    "ones": np.ones(1000),
}

for name, x in SEQUENCES.items():
    for alpha in (0.05, 0.01):
        low, high = predmix_empbern_twosided_cs(x, alpha=alpha, truncation=0.5, running_intersection=True)
        for t in (1, 10, 100, 1000):
            print(f'    {{"{name}", {alpha}, {t}, {float(low[t - 1])!r}, {float(high[t - 1])!r}}},')
