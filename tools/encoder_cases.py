"""Tiny encoders for tools/make_encoder_goldens.py and tools/conformance/encoders.py: configs of every family and its variants, texts
of token ids, and weights made from their names alone, so that no weight file has to be kept."""
import numpy

CLASSES = {
    "bert": "BertForSequenceClassification",
    "distilbert": "DistilBertForSequenceClassification",
    "roberta": "RobertaForSequenceClassification",
    "xlm-roberta": "XLMRobertaForSequenceClassification",
    "electra": "ElectraForSequenceClassification",
    "deberta-v2": "DebertaV2ForSequenceClassification",
    "albert": "AlbertForSequenceClassification",
    "mpnet": "MPNetForSequenceClassification",
    "modernbert": "ModernBertForSequenceClassification",
}
LABELS = ["ham", "spam", "other"]


def base_config(family):
    """config.json's keys of a tiny model of the family."""
    if family == "distilbert":
        sizes = {"dim": 24, "n_layers": 3, "n_heads": 4, "hidden_dim": 40}
    else:
        sizes = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 40}
    config = {"model_type": family, "architectures": [CLASSES[family]], "vocab_size": 60, "max_position_embeddings": 80,
              "id2label": {str(i): name for i, name in enumerate(LABELS)}, "label2id": {name: i for i, name in enumerate(LABELS)},
              "pad_token_id": 1 if family in ("roberta", "xlm-roberta", "mpnet") else 0, **sizes}
    if family == "deberta-v2":
        config |= {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "norm_rel_ebd": "layer_norm", "share_att_key": True,
                   "position_buckets": 16, "max_relative_positions": -1, "position_biased_input": False, "type_vocab_size": 0,
                   "pooler_hidden_size": 24}
    if family in ("electra", "albert"):
        config["embedding_size"] = 12
    if family == "modernbert":
        # Special tokens lie in the tiny vocabulary; windows are shorter than the longest texts.
        config |= {"local_attention": 8, "bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3}
    return config


def texts(family, seed=0):
    """Token ids of texts of 3 to 60 tokens. Where positions depend on padding, some tokens within a text have the padding's id."""
    random = numpy.random.default_rng(seed)
    made = [[2, *random.integers(5, 60, size).tolist(), 3] for size in (1, 58, 7, 30, 12)]
    if family in ("roberta", "xlm-roberta", "mpnet"):
        for at in (3, 4, 9):
            made[2 if at < 8 else 3][at] = 1
    return made


def mixed(values):
    """SplitMix64's finaliser (Steele, Lea, Flood 2014)."""
    values = (values ^ (values >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return values ^ (values >> numpy.uint64(31))


def numbers(name, count):
    """`count` float32 values in [-1, 1) that only the name decides; tests/support/named_numbers.h makes the same."""
    seed = 0xCBF29CE484222325  # FNV-1a
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with numpy.errstate(over="ignore"):
        steps = numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
        bits = mixed(steps + numpy.uint64(seed)) >> numpy.uint64(40)
    return (bits.astype(numpy.float64) / 2**23 - 1).astype(numpy.float32)


def weight(name, shape):
    """Matrices lie within 0.35 of 0, biases too; weights of normalisations within 0.35 of 1."""
    values = numbers(name, int(numpy.prod(shape))) * numpy.float32(0.35)
    if len(shape) == 1 and name.endswith(".weight"):
        values += numpy.float32(1)
    return values.reshape(shape)
