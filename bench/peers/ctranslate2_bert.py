"""Writes the encoder of a BERT bundle with float weights as a CTranslate2 model of INT8, as CTranslate2's own BertLoader
(ctranslate2/converters/transformers.py) maps it, without torch and transformers."""
import json
import os
import struct

import numpy as np
from ctranslate2.specs import common_spec, transformer_spec
from ctranslate2.converters import utils


def read_safetensors(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(size))
        data = file.read()
    return {name: np.frombuffer(data[slice(*entry["data_offsets"])], np.float32).reshape(entry["shape"]).copy()
            for name, entry in header.items() if name != "__metadata__" and entry["dtype"] == "F32"}


def write_encoder(bundle, output):
    with open(os.path.join(bundle, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    if config.get("model_type") != "bert" or config.get("hidden_act", "gelu") != "gelu":
        raise ValueError("the CTranslate2 peer is written for BERT with GELU alone")
    weights = read_safetensors(os.path.join(bundle, "model.safetensors"))

    def linear(spec, name):
        spec.weight = weights[name + ".weight"]
        spec.bias = weights[name + ".bias"]
        return spec

    def norm(spec, name):
        spec.gamma = weights[name + ".weight"]
        spec.beta = weights[name + ".bias"]

    encoder = transformer_spec.TransformerEncoderSpec(
        config["num_hidden_layers"], config["num_attention_heads"], pre_norm=False, activation=common_spec.Activation.GELU,
        layernorm_embedding=True, num_source_embeddings=2, embeddings_merge=common_spec.EmbeddingsMerge.ADD)
    spec = transformer_spec.TransformerEncoderModelSpec(encoder)
    encoder.scale_embeddings = False
    embeddings = "bert.embeddings."
    encoder.embeddings[0].weight = weights[embeddings + "word_embeddings.weight"]
    encoder.embeddings[1].weight = weights[embeddings + "token_type_embeddings.weight"]
    encoder.position_encodings.encodings = weights[embeddings + "position_embeddings.weight"]
    norm(encoder.layernorm_embedding, embeddings + "LayerNorm")
    for index, layer in enumerate(encoder.layer):
        prefix = f"bert.encoder.layer.{index}."
        parts = [linear(common_spec.LinearSpec(), f"{prefix}attention.self.{part}") for part in ("query", "key", "value")]
        utils.fuse_linear(layer.self_attention.linear[0], parts)
        linear(layer.self_attention.linear[1], prefix + "attention.output.dense")
        norm(layer.self_attention.layer_norm, prefix + "attention.output.LayerNorm")
        linear(layer.ffn.linear_0, prefix + "intermediate.dense")
        linear(layer.ffn.linear_1, prefix + "output.dense")
        norm(layer.ffn.layer_norm, prefix + "output.LayerNorm")
    with open(os.path.join(bundle, "vocab.txt"), encoding="utf-8") as file:
        spec.register_vocabulary([line.rstrip("\n") for line in file])
    spec.config.unk_token = "[UNK]"
    spec.config.layer_norm_epsilon = config.get("layer_norm_eps", 1e-12)
    spec.validate()
    spec.optimize(quantization="int8")
    os.makedirs(output, exist_ok=True)
    spec.save(output)
