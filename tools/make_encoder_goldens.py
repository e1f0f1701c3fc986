#!/usr/bin/env python3
"""Writes tests/goldens/encoders: what transformers and PyTorch compute for tiny models of each family.

    tools/make_encoder_goldens.py [NAME...]

Logits, loss and gradients of one batch, and ten steps of AdamW as transformers' Trainer takes them (no weight decay for biases and
normalisations). Weights are made from their names (encoder_cases.py), so a file holds numbers to compare with and nothing else: of each
gradient its norm and two products with vectors that are made likewise. Needs torch and transformers in this Python; the versions that
were used are written into the files. src/train/encoder_numbers_test.cpp compares.
"""
import json
import sys
from pathlib import Path

import numpy
import torch
import transformers

from encoder_cases import base_config, numbers, texts, weight

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "goldens" / "encoders"
CASES = {
    "electra_small": base_config("electra"),
    "roberta_padding_in_text": base_config("roberta"),
    "albert": base_config("albert"),
    "albert_groups": base_config("albert") | {"num_hidden_groups": 2, "hidden_act": "gelu", "type_vocab_size": 1},
    "mpnet": base_config("mpnet"),
    "modernbert": base_config("modernbert") | {"num_hidden_layers": 5},
    "modernbert_mean": base_config("modernbert") | {"classifier_pooling": "mean", "local_attention": 16, "hidden_activation": "gelu_new"},
}
ADAMW = {"lr": 2e-3, "weight_decay": 0.05, "eps": 1e-8, "warmup_steps": 3, "total_steps": 10, "max_grad_norm": 1.0}
WITHOUT_DECAY = ("bias", "norm", "Norm")


def make_model(config):
    model = transformers.AutoModelForSequenceClassification.from_config(transformers.AutoConfig.for_model(**config))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(weight(name, tuple(parameter.shape))))
    return model.eval()


def batch_of(config):
    ids = texts(config["model_type"])
    width = max(map(len, ids))
    padded = torch.full((len(ids), width), config["pad_token_id"])
    mask = torch.zeros_like(padded)
    for row, text in enumerate(ids):
        padded[row, :len(text)] = torch.tensor(text)
        mask[row, :len(text)] = 1
    return ids, {"input_ids": padded, "attention_mask": mask, "labels": torch.arange(len(ids)) % 3}


def fingerprint(name, gradient):
    values = gradient.double().numpy().ravel()
    return [float(numpy.linalg.norm(values)), *(float(values @ numbers(f"{name}#{i}", values.size)) for i in (1, 2))]


def train(model, batch):
    named = dict(model.named_parameters())
    plain = [name for name in named if any(word in name for word in WITHOUT_DECAY)]
    optimizer = torch.optim.AdamW([{"params": [named[n] for n in named if n not in plain], "weight_decay": ADAMW["weight_decay"]},
                                   {"params": [named[n] for n in plain], "weight_decay": 0.0}], lr=ADAMW["lr"], eps=ADAMW["eps"])
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, ADAMW["warmup_steps"], ADAMW["total_steps"])
    losses = []
    for _ in range(ADAMW["total_steps"]):
        optimizer.zero_grad()
        loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), ADAMW["max_grad_norm"])
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


def golden(config):
    model = make_model(config)
    ids, batch = batch_of(config)
    output = model(**batch)
    output.loss.backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}
    result = {"made_with": f"transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}",
              "config": json.loads(model.config.to_json_string(use_diff=False)) | {"architectures": config["architectures"]},
              "input_ids": ids, "labels": batch["labels"].tolist(), "logits": output.logits.tolist(), "loss": output.loss.item(),
              "grad_norm": float(torch.sqrt(sum((g.double() ** 2).sum() for g in gradients.values()))),
              "gradients": {name: fingerprint(name, gradient) for name, gradient in gradients.items()}}
    losses = train(model, batch)
    with torch.no_grad():
        result["adamw"] = ADAMW | {"losses": losses, "final_logits": model(**batch).logits.tolist()}
    return result


def main():
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or CASES:
        text = json.dumps(golden(CASES[name]), indent=None, separators=(", ", ": "))
        (FOLDER / f"{name}.json").write_text(text + "\n")
        print(f"{name}: {len(text)} bytes")


if __name__ == "__main__":
    main()
