"""OpenAI's forms: /v1/moderations, /v1/embeddings, /v1/models, and errors as clients of OpenAI's API read them."""
import base64
import http.client
import json
import math
import struct
import threading

import winnow
from raw_http import PATIENCE
from serving import ServingTest
from winnow import MESSAGES

COMMENTS = [("you stupid idiot", {"toxic", "insult"}), ("what a stupid idea", {"toxic"}), ("i will find you", {"threat"}), ("thanks for the help", set()),
            ("see you tomorrow", set()), ("i will hurt you, idiot", {"toxic", "threat", "insult"})]
LABELS = ("toxic", "threat", "insult")


def dot(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


class OpenAi(ServingTest):
    def ask(self, path, body, status=200, **headers):
        response, data = self.send("POST", path, body, {"Content-Type": "application/json", **headers})
        self.assertEqual(response.status, status, data)
        return json.loads(data)

    def vectors(self, texts, **fields):
        answer = self.ask("/v1/embeddings", {"input": texts, **fields})
        return [each["embedding"] for each in answer["data"]]

    def test_labels_of_a_multi_label_model_are_categories(self):
        rows = "".join(f'"{text} {i}",{",".join(str(int(label in labels)) for label in LABELS)}\n' for i in range(20) for text, labels in COMMENTS)
        self.write("comments.csv", "text," + ",".join(LABELS) + "\n" + rows)
        self.winnow("train", "comments.csv", "--kind", "lr", "--output-dir", self.path("comments"))
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", self.path("spam"))
        self.winnow("train", self.write("topics.tsv", "".join(f"word{i} {label}\t{label}\n" for i in range(9) for label in ("one", "two", "three"))), "--kind", "lr", "--output-dir", self.path("topics"))
        self.serve("comments", "spam", "topics")
        texts = [text for text, _ in COMMENTS]
        answer = self.ask("/v1/moderations", {"input": texts})
        truth = self.ask("/v1/classify", {"texts": texts})["results"]
        self.assertEqual(answer["model"], "comments")
        for result, expected, (text, labels) in zip(answer["results"], truth, COMMENTS, strict=True):
            decided = {name for name, yes in result["categories"].items() if yes}
            self.assertEqual(decided, set(expected["decision"]), text)
            self.assertEqual(decided, labels, text)
            self.assertEqual(set(result["category_scores"]), set(LABELS))
            self.assertEqual(result["flagged"], bool(labels), text)
            for score in expected["scores"]:
                self.assertAlmostEqual(result["category_scores"][score["label"]], score["score"], places=6)
        self.assertEqual(list(self.ask("/v1/moderations", {"input": "win a prize", "model": "spam"})["results"][0]["categories"]), ["spam"])
        error = self.ask("/v1/moderations", {"input": "a", "model": "topics"}, 422)["error"]
        self.assertEqual((error["param"], error["type"]), ("model", "invalid_request_error"))
        self.assertIn("no positive label", error["message"])

    def test_int8_and_float_embeddings_agree(self):
        self.trained("--epochs", 1)
        self.winnow("quantize", "model", "--max-drop", 1)
        self.trained("--epochs", 1, output="float")
        self.serve("model", "float")
        models = json.loads(self.send("GET", "/models")[1])["models"]
        self.assertEqual([model["weights"][:4] for model in models], ["int8", "f32"])
        texts = ["You won a prize, claim it now", "See you at lunch", "", "a " * 3000, "ünïcödé"]
        floats, bytes_ = self.vectors(texts, model="float"), self.vectors(texts, model="model")
        for text, one, other in zip(texts, floats, bytes_, strict=True):
            self.assertAlmostEqual(dot(one, one), 1, places=4)
            self.assertGreater(dot(one, other), .97, text)
            self.assertEqual(self.vectors(text, model="model")[0], other, "INT8 vectors do not depend on their batch")
        packed = self.vectors(texts, model="float", encoding_format="base64")
        self.assertEqual([list(struct.unpack(f"<{len(one)}f", base64.b64decode(each))) == [struct.unpack("<f", struct.pack("<f", x))[0] for x in one] for each, one in zip(packed, floats)], [True] * len(texts))
        short = self.vectors(texts[0], model="float", dimensions=4)[0]
        length = math.sqrt(dot(floats[0][:4], floats[0][:4]))
        for a, b in zip(short, floats[0]):
            self.assertAlmostEqual(a, b / length, places=4)

    def test_embedding_shares_the_queue_with_classification(self):
        self.trained("--epochs", 1)
        self.serve("model")
        expected = self.vectors("See you at lunch")[0]
        score = self.ask("/v1/classify", {"text": "See you at lunch"})["results"][0]["score"]
        wrong = []

        def client(number):
            for _ in range(15):
                if number % 2:
                    many = self.vectors(["See you at lunch", *(f"text {i}" for i in range(40))])
                    wrong.extend(abs(a - b) for a, b in zip(many[0], expected) if abs(a - b) > 1e-4)
                else:
                    found = self.ask("/v1/classify", {"text": "See you at lunch", "cache": "no-store"})["results"][0]["score"]
                    wrong.extend([found] if abs(found - score) > 1e-4 else [])

        threads = [threading.Thread(target=client, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_errors_have_their_form_wherever_they_come_from(self):
        self.trained("--epochs", 1)
        key = self.winnow("keys", "add", "keys", "--name", "tool", "--role", "classify")[0].strip()
        self.serve("model", "--api-key-file", "keys", "--max-body-mb", 1, "--max-tokens-per-request", 50)
        right = {"Authorization": f"Bearer {key}"}
        for path in ("/v1/embeddings", "/v1/moderations"):
            for body, headers, status, code in (({"input": "a"}, {}, 401, "invalid_api_key"), ({"input": "a"}, {"Authorization": "Bearer wrong"}, 401, "invalid_api_key"),
                                                ({"input": "a", "model": "gpt"}, right, 404, "model_not_found"), ("{", right, 400, None),
                                                ({"input": "a" * (2 << 20)}, right, 413, None), ({"input": ["a b c d e f g h"] * 40}, right, 413, None),
                                                ({"input": "a", "modle": "b"}, right, 422, None)):
                error = self.ask(path, body, status, **headers)["error"]
                self.assertEqual(set(error), {"message", "type", "param", "code"})
                self.assertEqual(error["code"], code, error)
            response, data = self.send("POST", path, b"no gzip", {**right, "Content-Encoding": "gzip", "Content-Type": "application/json"})
            self.assertEqual((response.status, json.loads(data)["error"]["type"]), (400, "invalid_request_error"))
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            connection.request("POST", path, iter([b" " * (1 << 20)] * 3), {**right, "Transfer-Encoding": "chunked"}, encode_chunked=True)
            response = connection.getresponse()
            self.assertEqual((response.status, json.loads(response.read())["error"]["type"]), (413, "invalid_request_error"))
            connection.close()
        response, data = self.send("GET", "/v1/models", headers=right)
        self.assertEqual([model["id"] for model in json.loads(data)["data"]], ["model"])
        self.assertIn("error_type", self.ask("/v1/classify", {"text": 7}, 422, **right), "other routes keep theirs")


if __name__ == "__main__":
    winnow.main()
