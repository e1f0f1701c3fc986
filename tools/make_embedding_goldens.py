#!/usr/bin/env python3
"""Writes tests/goldens/embeddings: the mean-pooled embeddings that transformers and PyTorch compute for a tiny model of each family.

    tools/make_embedding_goldens.py [FAMILY...]

An embedding is the mean of the last hidden state over the tokens that the attention mask keeps, scaled to length 1, as sentence-transformers'
modules Pooling and Normalize compute it. Weights are made from their names (encoder_cases.py), so a file has numbers to compare with and
nothing else. Needs torch and transformers in this Python; the versions that were used are written into the files.
src/encoder/embedding_numbers_test.cpp compares.
"""
import json
import sys
from pathlib import Path

import torch
import transformers

from encoder_cases import CLASSES, base_config, texts, weight

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "goldens" / "embeddings"


def golden(config):
    model = transformers.AutoModelForSequenceClassification.from_config(transformers.AutoConfig.for_model(**config)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(weight(name, tuple(parameter.shape))))
        ids = texts(config["model_type"])
        embeddings = []
        for text in ids:  # one by one, so that no padding takes part
            hidden = model.base_model(torch.tensor([text]), attention_mask=torch.ones(1, len(text), dtype=torch.long)).last_hidden_state
            embeddings.append(torch.nn.functional.normalize(hidden.mean(1), dim=1)[0].tolist())
    return {"made_with": f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}",
            "config": json.loads(model.config.to_json_string(use_diff=False)) | {"architectures": config["architectures"]},
            "input_ids": ids, "embeddings": embeddings}


def main():
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for family in sys.argv[1:] or CLASSES:
        text = json.dumps(golden(base_config(family)), separators=(", ", ": "))
        (FOLDER / f"{family}.json").write_text(text + "\n")
        print(f"{family}: {len(text)} bytes")


if __name__ == "__main__":
    main()
