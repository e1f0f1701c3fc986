"""What people write today to serve a classifier on a CPU, done well: FastAPI and uvicorn (uvloop, httptools) around onnxruntime's
INT8 and the tokenizers library. POST /v1/classify {"text": s} or {"texts": [s, ...]}, GET /health.

    fastapi_server.py --onnx model_int8.onnx --bundle DIR --port 8081 [--workers 1] [--threads 2] [--pool]

Fairly: texts of one request go through the model together; answers are plain dicts that are written once, without a second
validation; the model runs in the event loop, which is faster than a thread's hop where a text takes a millisecond or two. --pool
runs it in FastAPI's threads instead (a plain `def` handler), which lets one process use several cores."""
import argparse
import json
import os
import sys

# Last, not first: our tokenize.py would hide Python's. Workers find this file by its name.
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path = [p for p in sys.path if os.path.abspath(p or ".") != HERE] + [HERE]

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from tokenizers import Tokenizer


class Classify(BaseModel):
    text: str | None = None
    texts: list[str] | None = None


class Model:
    def __init__(self, onnx, bundle, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(os.path.join(bundle, "tokenizer.json"))
        with open(os.path.join(bundle, "winnow.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        self.tokenizer.enable_truncation(manifest["max_length"])
        self.tokenizer.no_padding()
        self.temperature = manifest.get("temperature", 1.0)
        with open(os.path.join(bundle, "config.json"), encoding="utf-8") as file:
            names = json.load(file)["id2label"]
        self.labels = [names[str(i)] for i in range(len(names))]
        self.run(["warm"])

    def run(self, texts):
        encodings = self.tokenizer.encode_batch(texts) if len(texts) > 1 else [self.tokenizer.encode(texts[0])]
        rows = [encoding.ids for encoding in encodings]
        ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
        mask = np.zeros_like(ids)
        for r, row in enumerate(rows):
            ids[r, :len(row)] = row
            mask[r, :len(row)] = 1
        logits = self.session.run(None, {"input_ids": ids, "attention_mask": mask})[0] / self.temperature
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        results = []
        for row in (exponents / exponents.sum(axis=1, keepdims=True)).tolist():
            best = max(range(len(row)), key=row.__getitem__)
            results.append({"label": self.labels[best], "score": row[best],
                            "scores": [{"label": label, "score": score} for label, score in zip(self.labels, row)]})
        return {"results": results}


def application():
    """Made anew in each worker; the arguments come by the environment, as uvicorn's workers need it."""
    settings = json.loads(os.environ["FASTAPI_SERVER"])
    model = Model(settings["onnx"], settings["bundle"], settings["threads"])
    app = FastAPI()

    def answer(request: Classify):
        if (request.text is None) == (request.texts is None):
            raise HTTPException(422, "give either 'text' or 'texts'")
        texts = [request.text] if request.text is not None else request.texts
        return JSONResponse(model.run(texts) if texts else {"results": []})

    if settings["pool"]:
        @app.post("/v1/classify")
        def classify(request: Classify):
            return answer(request)
    else:
        @app.post("/v1/classify")
        async def classify(request: Classify):
            return answer(request)

    @app.get("/health")
    async def health():
        return {"status": "ok"}

    return app


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--onnx", required=True)
    arguments.add_argument("--bundle", required=True)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--workers", type=int, default=1)
    arguments.add_argument("--threads", type=int, default=2, help="of onnxruntime, in each worker")
    arguments.add_argument("--pool", action="store_true")
    args = arguments.parse_args()
    os.environ["FASTAPI_SERVER"] = json.dumps(vars(args))
    uvicorn.run("fastapi_server:application", factory=True, host="127.0.0.1", port=args.port, workers=args.workers, loop="uvloop", http="httptools",
                access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
