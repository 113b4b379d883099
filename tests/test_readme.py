"""What the README shows is what happens: its transcripts and its Python are run (real encoder, real corpus)."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest
from model_server import model_server
from typer.testing import CliRunner

from careerbot import Settings
from careerbot.cli import app
from evals.__main__ import app as evals_app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TRANSCRIPTS = re.findall(r"```console\n\$ careerbot (.+)\n((?s:.*?))\n```", README)
EXAMPLES = re.findall(r"```python\n((?s:.*?))```", README)


def test_the_readme_has_transcripts_and_an_example() -> None:
    assert len(TRANSCRIPTS) >= 3
    assert len(EXAMPLES) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("command", "shown"), TRANSCRIPTS, ids=[command for command, _ in TRANSCRIPTS])
def test_a_transcript_is_what_the_command_prints(command: str, shown: str, real_index: Path) -> None:
    done = CliRunner().invoke(app, [*shlex.split(command), "--index", str(real_index)])
    assert done.stdout.rstrip() == shown
    assert done.exit_code == (1 if "The sources don't say" in shown else 0)


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=["follow-up"])
def test_the_python_example_runs_and_asks_about_the_ccs(
    example: str, real_index: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAREERBOT_INDEX", str(real_index))
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - our own README
    printed = capsys.readouterr().out
    assert printed.startswith("How many questions are on the CCS exam?\n")
    assert "97 questions" in printed


@pytest.mark.slow
def test_the_commands_with_a_language_model_run(
    real_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [block] = re.findall(r"```sh\n(pip install \"careerbot\[ollama\]\"(?s:.*?))```", README)
    [ask, exam] = [shlex.split(line) for line in block.splitlines() if line.startswith("CAREERBOT_")]
    (tmp_path / "own.jsonl").write_text(json.dumps({"id": "a", "turns": ["How long is the CCS exam?"], "must": []}))
    monkeypatch.setenv("CAREERBOT_INDEX", str(shutil.copytree(real_index, tmp_path / "index")))
    with model_server() as server:
        server.says = lambda asked: "The median national wage of medical coding specialists is $50,250 per year. [1]"
        monkeypatch.setenv("CAREERBOT_MODEL_URL", server.url.removesuffix("/v1"))
        name, _, value = ask[0].partition("=")
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            done = CliRunner().invoke(app, ask[2:])
        assert done.stdout.startswith("The median national wage of medical coding specialists is $50,250 per year. [1]")
        assert "Worded by llama3.2 (toy-2) at 127.0.0.1:" in done.stdout
        name, _, value = exam[0].partition("=")
        monkeypatch.setenv(name, value)
        done = CliRunner().invoke(evals_app, [*exam[4:], "--cases", str(tmp_path / "own.jsonl")])
        assert "without a model → with ollama:llama3.2:\n1 cases in both" in done.stdout


def test_every_setting_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"CAREERBOT_([A-Z_]+[A-Z])", README))
    assert {"MODEL", "MODEL_URL"} <= named <= {name.upper() for name in Settings.model_fields}


def test_every_make_target_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", README, re.MULTILINE))
    assert {"chat", "test"} <= named <= targets


def test_every_command_that_the_readme_names_exists() -> None:
    named = set(re.findall(r"^\| `careerbot ([a-z]+)", README, re.MULTILINE))
    assert named == {command.name for command in app.registered_commands if command.name} | {
        command.callback.__name__ for command in app.registered_commands if not command.name and command.callback
    }


def test_every_direct_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"], "torch"]
    assert {name.partition("[")[0].lower().replace("_", "-") for name in wanted} <= pinned
