#!/usr/bin/env python3
"""Compares `winnow tokenize` with Hugging Face's packages over variants of tokenizer files.

    tools/conformance/tokenizer_variants.py WINNOW PROBE [--venv DIR] [--transformers VERSION] [--texts N] [--only REGEX]

Needs tokenizers, transformers and sentencepiece; where this Python lacks them, a virtual environment with them is made in
DIR, and used again later. Vocabularies of each family (WordPiece, Unigram, BPE) are trained on odd texts. Then
  - tokenizer.json with each key that can change a token set to each of its values, one change at a time and in pairs of
    normalizer and pre-tokenizer: the ids of N odd texts are those of the package tokenizers
  - directories of vocab.txt, vocab.json and merges.txt, spm.model, sentencepiece.bpe.model and tokenizer.json with the files
    beside them (tokenizer_config.json, special_tokens_map.json, added_tokens.json): the ids are those of AutoTokenizer.
The ids come from tokenize_probe, which is started once; each 20th variant is also given to the program itself.
A variant that Winnow refuses has to be listed here as refused, with a part of the message.
What the packages say is kept in the user's cache for runs with the same versions of them.
Exits 0 when all is as it should be, 77 when the packages can't be had ("skipped: ..."), else 1.
"""
import argparse
import copy
import importlib.metadata
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import odd_texts
import packages
from answers import Answers

# This directory has a file with a package's name, which would be found in its place.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
PACKAGES = ("tokenizers", "transformers", "sentencepiece")
ROLES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<s>", "<pad>", "</s>", "<unk>", "<mask>")
BERT = {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
METASPACE = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
GPT4 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def token(content, id, **flags):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False} | flags


def changed(base, **parts):
    """A copy with other members; `model` is joined to the one that there is."""
    result = copy.deepcopy(base)
    for key, value in parts.items():
        result[key] = result[key] | value if key == "model" else value
    return result


def sequence(key, *steps):
    return {"type": "Sequence", key: list(steps)}


def normalizers(charsmap):
    replace = lambda pattern, content: {"type": "Replace", "pattern": pattern, "content": content}
    single = [{"type": name} for name in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt")]
    precompiled = {"type": "Precompiled", "precompiled_charsmap": charsmap}
    strips = [{"type": "Strip", "strip_left": left, "strip_right": right} for left in (True, False) for right in (True, False)]
    berts = [BERT | {key: value} for key in ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase") for value in (True, False)]
    return [None, BERT, *berts, BERT | {"lowercase": False, "strip_accents": True}, *single, *strips, precompiled,
            {"type": "Prepend", "prepend": "\u2581"}, replace({"String": "''"}, '"'), replace({"String": " "}, "\u2581"), replace({"String": " {2,}"}, "\u2581"),
            replace({"Regex": " {2,}"}, " "), replace({"Regex": r"\s{2,}|[\n\r\t]"}, " "), replace({"Regex": r"\d+"}, "0"), replace({"Regex": r"[^\w\s]+"}, ""),
            sequence("normalizers", {"type": "NFD"}, {"type": "Lowercase"}, {"type": "StripAccents"}),
            sequence("normalizers", replace({"String": "``"}, '"'), replace({"String": "''"}, '"'), {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, precompiled),
            sequence("normalizers", precompiled, strips[2], replace({"Regex": " {2,}"}, "\u2581")),
            sequence("normalizers", replace({"Regex": r"\s{2,}|[\n\r\t]"}, " "), {"type": "NFC"}, strips[2]),
            sequence("normalizers", {"type": "Nmt"}, {"type": "NFKC"}, replace({"Regex": " {2,}"}, " "))]


def pre_tokenizers():
    behaviors = ("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous")
    split = lambda pattern, behavior, invert=False: {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}
    whitespace = {"type": "WhitespaceSplit"}
    return [{"type": "BertPreTokenizer"}, {"type": "Whitespace"}, whitespace, None, *[{"type": "Punctuation", "behavior": behavior} for behavior in behaviors],
            *[{"type": "Digits", "individual_digits": each} for each in (True, False)],
            *[METASPACE | {"prepend_scheme": scheme, "split": split} for scheme in ("always", "first", "never") for split in (True, False)],
            *[BYTE_LEVEL | {"add_prefix_space": prefix, "use_regex": regex} for prefix in (True, False) for regex in (True, False)],
            *[split({"String": "a"}, behavior, invert) for behavior in behaviors for invert in (False, True)],
            *[split({"Regex": r"\w+|[^\w\s]+"}, behavior, invert) for behavior in behaviors for invert in (False, True)],
            split({"Regex": GPT4}, "Isolated"), split({"Regex": r"(?=\p{Lu})"}, "Isolated"), split({"Regex": r"\p{Han}|\s+$|^\W"}, "Removed"),
            {"type": "CharDelimiterSplit", "delimiter": "-"}, sequence("pretokenizers", whitespace, METASPACE), sequence("pretokenizers", METASPACE),
            sequence("pretokenizers", {"type": "Punctuation", "behavior": "Isolated"}, METASPACE),
            sequence("pretokenizers", {"type": "BertPreTokenizer"}, {"type": "Digits", "individual_digits": True}),
            sequence("pretokenizers", split({"Regex": GPT4}, "Isolated"), BYTE_LEVEL | {"use_regex": False}),
            sequence("pretokenizers", {"type": "Digits", "individual_digits": True}, BYTE_LEVEL)]


def added_variants(base, size):
    """Tokens that are added to a tokenizer.json, with each of their flags."""
    for content in ("[URL]", "you won", "  ", "é", "Straße", "\n", "中"):
        for flags in ({}, {"normalized": True}, {"single_word": True}, {"lstrip": True}, {"rstrip": True}, {"special": True},
                      {"normalized": True, "single_word": True, "lstrip": True, "rstrip": True}, {"special": True, "normalized": True, "lstrip": True}):
            yield f"added {content!r} {flags}", changed(base, added_tokens=base["added_tokens"] + [token(content, size, **flags)]), [content, content.upper(), content.lower()]
    many = [token(content, size + i, normalized=i % 2 == 0) for i, content in enumerate(("the", "then", "he", "    ", "  ", " now", "[url]"))]
    yield "added several", changed(base, added_tokens=base["added_tokens"] + many), [each["content"] for each in many]
    gap = [token("[url]", size + 7, normalized=True)]
    yield "added with a gap", changed(base, added_tokens=base["added_tokens"] + gap), ["[url]"]


def post_processors(first, last):
    special = {name: {"id": name, "ids": [id], "tokens": [name]} for name, id in (first, last)}
    piece = lambda name: {"SpecialToken": {"id": name, "type_id": 0}}
    text = lambda name: {"Sequence": {"id": name, "type_id": 0}}
    single = [piece(first[0]), text("A"), piece(last[0])]
    template = {"type": "TemplateProcessing", "single": single, "pair": [*single, text("B"), piece(last[0])], "special_tokens": special}
    bert = {"type": "BertProcessing", "sep": list(last), "cls": list(first)}
    roberta = {"type": "RobertaProcessing", "sep": list(last), "cls": list(first), "trim_offsets": True, "add_prefix_space": False}
    return [None, template, template | {"single": [text("A"), piece(last[0])]}, bert, roberta, {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
            {"type": "Sequence", "processors": [{"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}, template]}]


class Families:
    """A tokenizer.json of each family, trained on `corpus`, and SentencePiece's model files."""

    def __init__(self, corpus):
        import base64

        import sentencepiece
        from sentencepiece import sentencepiece_model_pb2
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

        def trained(model, trainer, pre_tokenizer, names, normalizer=None):
            made = Tokenizer(model)
            made.pre_tokenizer = pre_tokenizer
            if normalizer is not None:
                made.normalizer = normalizer
            made.train_from_iterator(corpus, trainer(special_tokens=list(names), show_progress=False))
            result = json.loads(made.to_str())
            ids = {each["content"]: each["id"] for each in result["added_tokens"]}
            first, last = (names[2], ids[names[2]]), (names[3], ids[names[3]])
            result["post_processor"] = post_processors(first, last)[1]
            return result, first, last

        bert_names, spm_names = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"), ("<pad>", "<unk>", "<s>", "</s>", "<mask>")
        self.wordpiece = trained(models.WordPiece(unk_token="[UNK]"), lambda **keys: trainers.WordPieceTrainer(vocab_size=1500, **keys),
                                 pre_tokenizers.BertPreTokenizer(), bert_names, normalizers.BertNormalizer())
        self.byte_bpe = trained(models.BPE(), lambda **keys: trainers.BpeTrainer(vocab_size=1200, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **keys),
                                pre_tokenizers.ByteLevel(add_prefix_space=False), spm_names)
        self.bpe = trained(models.BPE(unk_token="<unk>"), lambda **keys: trainers.BpeTrainer(vocab_size=1000, limit_alphabet=120, **keys),
                           pre_tokenizers.Metaspace(), spm_names)
        sentences = [line for text in corpus for line in text.splitlines() if line.strip()]

        def model(**keys):
            written = io.BytesIO()
            sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(sentences), model_writer=written, vocab_size=900, model_type="unigram", character_coverage=0.98,
                                                     normalization_rule_name="nmt_nfkc", hard_vocab_limit=False, minloglevel=2, **keys)
            return written.getvalue()

        self.xlm_roberta = model(unk_id=0, bos_id=1, eos_id=2)
        self.deberta = model(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]")
        proto = sentencepiece_model_pb2.ModelProto.FromString(self.xlm_roberta)
        self.charsmap = base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()
        # <unk> <s> </s> are SentencePiece's first pieces.
        vocab = [[name, 0.0] for name in spm_names] + [[piece.piece, piece.score] for piece in list(proto.pieces)[3:]]
        added = [token(name, id, special=True) for id, name in enumerate(spm_names)]
        first, last = ("<s>", 2), ("</s>", 3)
        self.unigram = ({"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None, "pre_tokenizer": METASPACE, "decoder": METASPACE,
                         "post_processor": post_processors(first, last)[1], "model": {"type": "Unigram", "unk_id": 1, "byte_fallback": False, "vocab": vocab}}, first, last)

    def json_variants(self):
        """(name, tokenizer.json, strings that the texts contain, part of the message that refuses it)"""
        for family, (base, first, last) in (("wordpiece", self.wordpiece), ("byte-level bpe", self.byte_bpe), ("bpe", self.bpe), ("unigram", self.unigram)):
            vocab = base["model"]["vocab"]
            all_normalizers, all_pre_tokenizers = normalizers(self.charsmap), pre_tokenizers()
            for i, normalizer in enumerate(all_normalizers):
                yield f"{family}: normalizer {normalizer}", changed(base, normalizer=normalizer), [], None
                # Each normalizer with some of the pre-tokenizers.
                for pre_tokenizer in all_pre_tokenizers[i % 7::7]:
                    yield f"{family}: {normalizer} and {pre_tokenizer}", changed(base, normalizer=normalizer, pre_tokenizer=pre_tokenizer), [], None
            for pre_tokenizer in all_pre_tokenizers:
                yield f"{family}: pre-tokenizer {pre_tokenizer}", changed(base, pre_tokenizer=pre_tokenizer), [], None
            for post_processor in post_processors(first, last):
                yield f"{family}: post-processor {post_processor}", changed(base, post_processor=post_processor), [], None
            for name, variant, extra in added_variants(base, len(vocab)):
                yield f"{family}: {name}", variant, extra, None
                yield f"{family} without normalizer: {name}", changed(variant, normalizer=None), extra, None
                yield f"{family} in NFKC: {name}", changed(variant, normalizer={"type": "NFKC"}), extra, None
            yield f"{family}: UnicodeScripts", changed(base, pre_tokenizer={"type": "UnicodeScripts"}), [], "UnicodeScripts"
            yield f"{family}: class within a class", changed(base, normalizer={"type": "Replace", "pattern": {"Regex": "[a[bc]]"}, "content": ""}), [], "class within a class"
        yield from self.model_variants()

    def model_variants(self):
        wordpiece, byte_bpe, bpe, unigram = (made[0] for made in (self.wordpiece, self.byte_bpe, self.bpe, self.unigram))
        words = {"max_input_chars_per_word": (1, 4, 100, 1000), "continuing_subword_prefix": ("##", "@@", ""), "unk_token": ("[UNK]", "a")}
        for key, values in words.items():
            for value in values:
                yield f"wordpiece: {key} {value!r}", changed(wordpiece, model={key: value}), [], None
        for base, family in ((byte_bpe, "byte-level bpe"), (bpe, "bpe")):
            keys = {"ignore_merges": (True, False), "byte_fallback": (True, False), "fuse_unk": (True, False), "unk_token": ("<unk>", None), "dropout": (None, 0.0)}
            for key, values in keys.items():
                for value in values:
                    yield f"{family}: {key} {value!r}", changed(base, model={key: value}), [], None
            yield f"{family}: dropout", changed(base, model={"dropout": 0.1}), [], "dropout"
            yield f"{family}: few merges", changed(base, model={"ignore_merges": True, "merges": base["model"]["merges"][:50]}), [], None
        with_bytes = {**bpe["model"]["vocab"], **{f"<0x{byte:02X}>": len(bpe["model"]["vocab"]) + byte for byte in range(256)}}
        yield "bpe: bytes", changed(bpe, model={"byte_fallback": True, "vocab": with_bytes}), [], None
        yield "bpe: bytes fused", changed(bpe, model={"byte_fallback": True, "fuse_unk": True, "vocab": with_bytes}), [], None
        pieces = {"<pad>": 0, "<unk>": 1, "<s>": 2, "</s>": 3, "<mask>": 4}
        for letter in "abcdeoftuwnrlh":
            for piece in (letter, "#" + letter, letter + "</w>", "#" + letter + "</w>"):
                pieces[piece] = len(pieces)
        for merged in ("th", "#he</w>", "of</w>"):
            pieces[merged] = len(pieces)
        merges = [["t", "#h"], ["#h", "#e</w>"], ["o", "#f</w>"]]
        affixes = {"vocab": pieces, "merges": merges, "continuing_subword_prefix": "#", "end_of_word_suffix": "</w>"}
        yield "bpe: prefix and suffix", changed(bpe, model=affixes, pre_tokenizer={"type": "Whitespace"}, normalizer={"type": "Lowercase"}), [], None
        vocab = unigram["model"]["vocab"] + [[f"<0x{byte:02X}>", -20.0] for byte in range(256)]
        yield "unigram: bytes", changed(unigram, model={"byte_fallback": True, "vocab": vocab}), [], None
        for unknown in (1, 5):
            yield f"unigram: unk_id {unknown}", changed(unigram, model={"unk_id": unknown}), [], None

    def directories(self, version):
        """(name, files, strings that the texts contain, part of the message that refuses it). `version` is that of transformers."""
        both = lambda variants: ((name, files, extra, None) for name, files, extra in variants)
        vocab = self.wordpiece[0]["model"]["vocab"]
        vocab_txt = "".join(piece + "\n" for piece in sorted(vocab, key=vocab.get))
        mpnet_txt = vocab_txt.replace("[PAD]\n", "<pad>\n").replace("[CLS]\n", "<s>\n").replace("[SEP]\n", "</s>\n").replace("[MASK]\n", "<mask>\n")
        bert = {"vocab.txt": vocab_txt, "config.json": {"model_type": "bert"}}
        yield from both(self.beside("vocab.txt of BERT", bert, len(vocab)))
        yield from both(self.bert_options("vocab.txt of BERT", bert))
        for name in ("distilbert", "electra"):
            yield f"vocab.txt of {name}", bert | {"config.json": {"model_type": name}}, [], None
        mpnet = {"vocab.txt": mpnet_txt, "config.json": {"model_type": "mpnet"}}
        yield from both(self.beside("vocab.txt of MPNet", mpnet, len(vocab)))
        for variant in self.bert_options("vocab.txt of MPNet", mpnet):
            # Version 4.57 divides no ideographs where MPNet's do_basic_tokenize is false.
            if version.startswith("5.") or "do_basic_tokenize" not in variant[0]:
                yield *variant, None
        whole = {"tokenizer.json": changed(self.wordpiece[0]), "config.json": {"model_type": "bert"}}
        yield from both(self.beside("tokenizer.json of BERT", whole, len(vocab)))
        yield from both(self.bert_options("tokenizer.json of BERT", whole))
        pieces = self.byte_bpe[0]["model"]["vocab"]
        merges = "#version: 0.2\n" + "".join(f"{left} {right}\n" for left, right in self.byte_bpe[0]["model"]["merges"])
        roberta = {"vocab.json": pieces, "merges.txt": merges, "config.json": {"model_type": "roberta"}}
        yield from both(self.beside("vocab.json of RoBERTa", roberta, len(pieces)))
        yield "vocab.json of RoBERTa: add_prefix_space", roberta | {"tokenizer_config.json": {"add_prefix_space": True}}, [], None
        whole = {"tokenizer.json": changed(self.byte_bpe[0]), "config.json": {"model_type": "roberta"}}
        for value in (True, False):
            yield f"tokenizer.json of RoBERTa: add_prefix_space {value}", whole | {"tokenizer_config.json": {"add_prefix_space": value}}, [], None
        modern = changed(self.byte_bpe[0], normalizer={"type": "NFC"})
        size = len(pieces)
        modern["added_tokens"] += [token(text, size + i, normalized=True) for i, text in enumerate((" " * 4, " " * 3, " " * 2, "|||IP|||"))] + [token("[unused0]", size + 4, normalized=True)]
        yield "tokenizer.json as ModernBERT's", {"tokenizer.json": modern, "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"}}, ["  ", "    ", "|||IP|||", "[unused0]"], None
        yield "truncation_side", bert | {"tokenizer_config.json": {"truncation_side": "left"}}, [], None
        # The versions normalize what SentencePiece's files hold in different ways; Winnow does as SentencePiece for DeBERTa, and as version 5 for XLM-RoBERTa.
        xlm_roberta = {"sentencepiece.bpe.model": self.xlm_roberta, "config.json": {"model_type": "xlm-roberta"}}
        if version.startswith("5."):
            decoder = {"content": "[url]", "lstrip": False, "rstrip": False, "normalized": True, "single_word": False, "special": False}
            size = len(self.unigram[0]["model"]["vocab"])
            yield "sentencepiece.bpe.model of XLM-RoBERTa", xlm_roberta, [], None
            for flags in ({}, {"normalized": False}, {"lstrip": True, "rstrip": True}, {"single_word": True}):
                beside = {"tokenizer_config.json": {"added_tokens_decoder": {str(size): decoder | flags}}}
                yield f"sentencepiece.bpe.model of XLM-RoBERTa: added_tokens_decoder {flags}", xlm_roberta | beside, ["[url]"], None
            yield "sentencepiece.bpe.model of XLM-RoBERTa: added_tokens.json", xlm_roberta | {"added_tokens.json": {"[url]": size}}, ["[url]"], None
        contradiction = changed(self.unigram[0], normalizer=None)
        yield "do_lower_case that tokenizer.json contradicts", {"tokenizer.json": contradiction, "tokenizer_config.json": {"tokenizer_class": "DebertaV2Tokenizer", "do_lower_case": True}}, [], "do_lower_case"

    def bert_options(self, name, files):
        for key, values in {"do_lower_case": (True, False), "strip_accents": (True, False, None), "tokenize_chinese_chars": (True, False), "do_basic_tokenize": (True, False),
                            "never_split": (["Straße"],)}.items():
            for value in values:
                yield f"{name}: {key} {value}", files | {"tokenizer_config.json": {key: value}}, []
        yield f"{name}: cased with accents stripped", files | {"tokenizer_config.json": {"do_lower_case": False, "strip_accents": True}}, []

    def beside(self, name, files, size):
        plain = {"content": "[url]", "lstrip": False, "rstrip": False, "normalized": True, "single_word": False, "special": False}
        yield name, files, []
        yield f"{name}: added_tokens.json", files | {"added_tokens.json": {"[url]": size, "<user>": size + 1}}, ["[url]", "[URL]", "<user>"]
        yield f"{name}: added_tokens.json with a gap", files | {"added_tokens.json": {"[url]": size + 9}}, ["[url]"]
        for flags in ({}, {"normalized": False}, {"lstrip": True}, {"rstrip": True}, {"single_word": True}, {"special": True, "normalized": False}):
            yield f"{name}: added_tokens_decoder {flags}", files | {"tokenizer_config.json": {"added_tokens_decoder": {str(size): plain | flags}}}, ["[url]", "[URL]"]
        yield f"{name}: additional_special_tokens", files | {"special_tokens_map.json": {"additional_special_tokens": ["[url]"]}}, ["[url]", "[URL]"]
        yield f"{name}: in tokenizer_config.json", files | {"tokenizer_config.json": {"additional_special_tokens": ["[url]"]}}, ["[url]", "[URL]"]
        yield (f"{name}: a decoder and files that it overrides",
               files | {"added_tokens.json": {"[x]": size}, "tokenizer_config.json": {"added_tokens_decoder": {str(size): plain}}}, ["[url]", "[x]"])


def write(directory, files):
    for old in directory.iterdir():
        old.unlink()
    for name, contents in files.items():
        data = contents if isinstance(contents, bytes) else (contents if isinstance(contents, str) else json.dumps(contents)).encode()
        (directory / name).write_bytes(data)


def reference_of_packages():
    """What the packages say: the trained vocabularies, and the ids of texts by the files of a tokenizer."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in (*PACKAGES, "protobuf")]
    return Answers("tokenizer-variants", versions, *(Path(source).read_bytes() for source in (__file__, odd_texts.__file__)))


class Comparison:
    EACH_OF_PROGRAM = 20

    def __init__(self, winnow, probe, directory, count, reference):
        self.winnow, self.directory, self.count, self.reference = winnow, directory, count, reference
        self.probe = subprocess.Popen([probe], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.variants = self.failed = 0

    def ids_of(self, texts, special, max_length):
        """The ids of all texts, or None and why the files are refused."""
        order = {"directory": str(self.directory), "texts": texts, "special": special, "max_length": max_length}
        self.probe.stdin.write(json.dumps(order) + "\n")
        self.probe.stdin.flush()
        answer = json.loads(self.probe.stdout.readline())
        return answer.get("ids"), answer.get("error", "")

    def ids_of_program(self, texts, special, max_length):
        options = [*(["--special"] if special else []), "--max-length", str(max_length)]
        done = subprocess.run([self.winnow, "tokenize", str(self.directory), *options, "--", *texts], capture_output=True, text=True)
        return [json.loads(line)["ids"] for line in done.stdout.split("\n") if line] if done.returncode == 0 else None

    def fail(self, name, what):
        self.failed += 1
        if self.failed <= 60:
            print(f"FAILED {name[:200]}\n  {what[:600]}", flush=True)

    def compare(self, name, extra, refused, encode, max_length=1 << 20, roles=False):
        """Whether Winnow's ids of odd texts are those of `encode`."""
        self.variants += 1
        texts = odd_texts.texts(self.count, [*extra, *ROLES] if roles else extra)
        if not roles:
            texts = [text for text in texts if not any(role in text for role in ROLES)]
        ids, message = self.ids_of(texts, roles, max_length)
        if self.variants % self.EACH_OF_PROGRAM == 0 and self.ids_of_program(texts, roles, max_length) != ids:
            self.fail(name, "winnow tokenize has other ids than tokenize_probe")
        if refused is not None or ids is None:
            if ids is not None or refused is None or refused not in message:
                self.fail(name, f"expected {'ids' if refused is None else 'a refusal that names ' + refused}, got {message if ids is None else 'ids'}")
            return
        files = sorted((path.name, path.read_bytes()) for path in self.directory.iterdir())
        expected = self.reference((files, texts, max_length), lambda: encode(texts))
        wrong = [i for i in range(len(texts)) if ids[i] != expected[i]]
        if wrong:
            i = min(wrong, key=lambda i: len(texts[i]))
            self.fail(name, f"{len(wrong)} of {len(texts)} texts; {texts[i]!r}: {ids[i]} instead of {expected[i]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=Path)
    parser.add_argument("probe", type=Path, help="tokenize_probe, which a build with tests has")
    parser.add_argument("--venv", type=Path, default=Path("tokenizer-venv"))
    parser.add_argument("--transformers", default="5", help="the version of transformers, where it is installed: 5 or 4.57")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--only", default="", help="compare variants whose name matches this expression")
    options = parser.parse_args()
    packages.use(PACKAGES, options.venv.absolute(), install=["tokenizers", f"transformers=={options.transformers}.*", "sentencepiece", "protobuf"])
    os.environ |= {"TRANSFORMERS_VERBOSITY": "error", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    reference = reference_of_packages()
    families = reference("families", lambda: Families([text for text in odd_texts.texts(3000, seed=2) if not any(role in text for role in ROLES)]))
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        comparison = Comparison(options.winnow.absolute(), options.probe.absolute(), directory, options.texts, reference)
        for name, variant, extra, refused in families.json_variants():
            if not re.search(options.only, name):
                continue
            write(directory, {"tokenizer.json": variant})

            def encode(texts):
                import tokenizers

                return [each.ids for each in tokenizers.Tokenizer.from_str(json.dumps(variant)).encode_batch(texts)]

            comparison.compare(name, extra, refused, encode, roles=True)
            if extra and refused is None:
                comparison.compare(name + " (special tokens are text)", extra, refused, encode)
        for name, files, extra, refused in families.directories(importlib.metadata.version("transformers")):
            if not re.search(options.only, name):
                continue
            write(directory, files)

            def encode(texts):
                import transformers

                made = transformers.AutoTokenizer.from_pretrained(str(directory))
                limit = {"truncation": True, "max_length": 12} if name == "truncation_side" else {}
                return made(texts, **limit)["input_ids"]

            comparison.compare(name, extra, refused, encode, **({"max_length": 12} if name == "truncation_side" else {}))
    reference.keep()
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES[:2])
    print(f"{versions}: {comparison.variants} variants of {options.texts} texts, {comparison.failed} failed")
    sys.exit(1 if comparison.failed else 0)


if __name__ == "__main__":
    main()
