#!/usr/bin/env python3
"""A model of random weights in the real shape of one whose weights can't be had, and texts of random words, for measuring time and
memory: neither depends on the weights' values.

    python bench/peers/random_model.py --shape deberta-v3-small --tokenizer MINILM_DIR --output DIR --data words.tsv --words 62 --texts 256

The tokenizer's files are another model's WordPiece, so that both programs get the same tokens. Needs torch and transformers.
"""
import argparse
import os
import random
import shutil
import sys
from pathlib import Path

# Beside this file lies tokenize.py, whose name is also that of a module of the standard library.
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != os.path.dirname(os.path.abspath(__file__))]

import transformers  # noqa: E402

# As the models' own config.json say.
SHAPES = {
    "distilbert-base": lambda: transformers.DistilBertForSequenceClassification(transformers.DistilBertConfig(num_labels=2)),
    "deberta-v3-small": lambda: transformers.DebertaV2ForSequenceClassification(transformers.DebertaV2Config(
        vocab_size=128100, hidden_size=768, num_hidden_layers=6, num_attention_heads=12, intermediate_size=3072, hidden_act="gelu",
        max_position_embeddings=512, type_vocab_size=0, relative_attention=True, position_buckets=256, norm_rel_ebd="layer_norm",
        share_att_key=True, pos_att_type=["p2c", "c2p"], max_relative_positions=-1, position_biased_input=False, layer_norm_eps=1e-7,
        pooler_hidden_size=768, pooler_hidden_act="gelu", pooler_dropout=0, num_labels=2)),
    "bge-m3": lambda: transformers.XLMRobertaForSequenceClassification(transformers.XLMRobertaConfig(
        vocab_size=250002, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096, hidden_act="gelu",
        max_position_embeddings=8194, type_vocab_size=1, layer_norm_eps=1e-5, pad_token_id=1, bos_token_id=0, eos_token_id=2, num_labels=2)),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--words", type=int, default=30)
    parser.add_argument("--texts", type=int, default=1024)
    arguments = parser.parse_args()

    SHAPES[arguments.shape]().save_pretrained(arguments.output)
    for name in ("tokenizer.json", "vocab.txt"):
        shutil.copy(arguments.tokenizer / name, arguments.output)
    (arguments.output / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer", "do_lower_case": true}\n', encoding="utf-8")
    words = [word for word in (arguments.tokenizer / "vocab.txt").read_text(encoding="utf-8").split()
             if word.isascii() and word.isalpha() and len(word) > 3]
    pick = random.Random(1)
    with open(arguments.data, "w", encoding="utf-8") as file:
        for i in range(arguments.texts):
            file.write(f"LABEL_{i % 2}\t{' '.join(pick.choice(words) for _ in range(arguments.words))}\n")


if __name__ == "__main__":
    main()
