"""Makes the base model of the pages: a BERT of two layers with random weights, and a vocabulary of the texts of train.tsv.

    tiny_bert.py TRAIN_TSV DIRECTORY
"""
import csv
import sys

import tokenizers
import torch
import transformers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]

with open(sys.argv[1], encoding="utf-8") as file:
    texts = [row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
wordpiece = tokenizers.BertWordPieceTokenizer()
wordpiece.train_from_iterator(texts, vocab_size=1500, min_frequency=2, special_tokens=SPECIAL, show_progress=False)
wordpiece.save_model(sys.argv[2])
tokenizer = transformers.BertTokenizerFast(vocab_file=f"{sys.argv[2]}/vocab.txt", model_max_length=128)
torch.manual_seed(1)
config = transformers.BertConfig(vocab_size=len(tokenizer), hidden_size=128, num_hidden_layers=2, num_attention_heads=4, intermediate_size=256,
                                 max_position_embeddings=128)
transformers.BertModel(config).save_pretrained(sys.argv[2])
tokenizer.save_pretrained(sys.argv[2])
