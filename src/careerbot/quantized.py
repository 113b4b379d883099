"""All vectors in a quarter of their bytes, to tell which of them may be among the nearest. It misses none.

Comparing a query with all vectors takes as long as reading them. So they are stored as 8-bit
integers too, each with a scale of its own (scalar quantization), and multiplied by onnxruntime; how
far a product can be from the cosine is known for each, and what may be near enough is compared exactly.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from careerbot.embedding import Vectors, session

GRAPH, SCALES = "nearest.onnx", "nearest.npy"

_MOST = 127  # of a stored number
_LEVELS = 63  # of a number of a query: sums of products then fit where a processor adds two of them in 16 bits
_FINER = 2 * _LEVELS  # of what the levels leave
_TINY = 1e-30  # of a vector of zeros
_ROUNDED = 1e-5  # what single precision may add to a cosine
_OPSET, _IR = 17, 8


def write(folder: Path, vectors: Vectors) -> None:
    """The files that `Quantized` reads, for unit vectors of shape (n, dimension)."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    scales = np.maximum(np.abs(vectors).max(axis=1), _TINY) / _MOST
    numbers = np.rint(vectors / scales[:, None]).astype(np.int8)
    errors = np.linalg.norm(vectors - numbers * scales[:, None].astype(np.float64), axis=1)
    np.save(folder / SCALES, np.stack([scales, errors]).astype(np.float32))
    count, dimension = vectors.shape
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["query", "vectors", "zero"], ["products"])],
        "nearest",
        [helper.make_tensor_value_info("query", TensorProto.UINT8, [2, dimension])],
        [helper.make_tensor_value_info("products", TensorProto.INT32, [2, count])],
        [
            numpy_helper.from_array(np.ascontiguousarray(numbers.T), "vectors"),
            numpy_helper.from_array(np.array(_LEVELS + 1, np.uint8), "zero"),
        ],
    )
    opset = helper.make_opsetid("", _OPSET)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=_IR), folder / GRAPH)


class Quantized:
    """The vectors that `write` was given, opened on first use. May be shared by threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _session(self) -> Any:
        return session(self._folder / GRAPH)

    @cached_property
    def _scales(self) -> NDArray[np.float32]:
        scales: NDArray[np.float32] = np.load(self._folder / SCALES)
        return scales

    def may_be_nearest(self, vector: Vectors, most: int) -> NDArray[np.int64]:
        """The places, in order, of all vectors that can be among the `most` nearest to a unit vector, and a few more.

        That vector is rounded in two steps, which leaves almost nothing of it out. What is left out
        and what the stored numbers leave out bound the error of each cosine (Cauchy and Schwarz).
        """
        unit = max(float(np.abs(vector).max()), _TINY) / _LEVELS
        coarse = np.rint(vector / unit)
        fine = np.rint((vector / unit - coarse) * _FINER)
        left_out = float(np.linalg.norm(vector - unit * (coarse + fine / _FINER)))
        query = (np.stack([coarse, fine]) + (_LEVELS + 1)).astype(np.uint8)
        coarse_products, fine_products = self._session.run(None, {"query": query})[0]
        scales, errors = self._scales
        cosines = (coarse_products * _FINER + fine_products).astype(np.float32)
        cosines *= scales
        cosines *= unit / _FINER
        most = min(most, len(cosines))
        surely = np.partition(cosines - errors, -most)[-most] - 2 * (2 * left_out + _ROUNDED)
        return np.flatnonzero(cosines + errors >= surely)
