"""A sentence-transformers model → an ONNX file and a tokenizer, by which questions are encoded without torch.

Used when an index is built. The weights are stored in half precision and computed in single: half
the file, and cosines with the model itself from 0.9999993 (all-MiniLM-L6-v2, 150 questions).
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

MODEL, TOKENIZER, SETTINGS = "model.onnx", "tokenizer.json", "settings.json"

_OPSET = 17
_SMALL = 1024  # numbers; smaller weights are kept as they are


def export(model: SentenceTransformer, folder: Path) -> None:
    """Write the whole model, pooling and normalisation included, into an empty folder.

    Raises whatever torch, onnx or the tokenizer raise for a model that cannot be written so.
    """
    import onnx

    _trace(model, folder / MODEL)
    graph = onnx.load(folder / MODEL)
    _halve(graph)
    onnx.save(graph, folder / MODEL)
    tokenizer: Any = model.tokenizer
    tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
    settings = {"max_tokens": model.max_seq_length, "pad": tokenizer.pad_token_id}
    (folder / SETTINGS).write_text(json.dumps(settings) + "\n", encoding="utf-8")


def _trace(model: SentenceTransformer, file: Path) -> None:
    import torch

    class Whole(torch.nn.Module):
        """Texts as numbers → unit vectors."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *held: torch.Tensor) -> torch.Tensor:
            embedded: torch.Tensor = self.model(dict(zip(names, held, strict=True)))["sentence_embedding"]
            return embedded

    example = model.tokenizer(["some words", "others, a few more"], padding=True, return_tensors="pt")
    names = sorted(example)
    axes = {name: {0: "texts", 1: "tokens"} for name in names} | {"sentence_embedding": {0: "texts"}}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # tracing tells of branches that sizes do not change here
        torch.onnx.export(
            Whole().eval(),
            tuple(example[name] for name in names),
            str(file),
            input_names=names,
            output_names=["sentence_embedding"],
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,  # four times as fast as the other exporter, for the same file
        )


def _halve(model: Any) -> None:
    """Store large weights as half-precision floats, which are cast when the file is loaded.

    Of a table, rows are cast when they are looked up: that of the words would fill 47 MB otherwise.
    """
    from onnx import TensorProto, helper, numpy_helper

    nodes = list(model.graph.node)
    used = [(name, node) for node in nodes for name in node.input]
    kept, casts = [], []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < _SMALL:
            kept.append(weight)
            continue
        half = f"{weight.name}.half"
        kept.append(numpy_helper.from_array(values.astype(np.float16), half))
        users = [node for name, node in used if name == weight.name]
        if any(node.op_type != "Gather" for node in users):
            casts.append(helper.make_node("Cast", [half], [weight.name], to=TensorProto.FLOAT))
            continue
        for node in users:
            row = node.output[0]
            node.input[0], node.output[0] = half, f"{row}.half"
            nodes.insert(nodes.index(node) + 1, helper.make_node("Cast", [f"{row}.half"], [row], to=TensorProto.FLOAT))
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend([*casts, *nodes])
