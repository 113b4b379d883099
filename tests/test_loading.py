from __future__ import annotations

import codecs
import json
import os
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from careerbot import InputError
from careerbot.chunking import chunks
from careerbot.datatypes import Document, Gap
from careerbot.loading import Loaded, Skipped, load

FORMATS = "not a supported format (expected .csv, .docx, .htm, .html, .markdown, .md, .pdf, .text, .tsv, .txt, .xhtml)"


def write(folder: Path, **files: str | bytes) -> Path:
    """Files named after the keywords; `baker_md` is baker.md."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def loaded_texts(loaded: Loaded) -> dict[str, str]:
    return {document.id: document.text for document in loaded.documents}


def only(loaded: Loaded) -> Document:
    assert loaded.skipped == ()
    (document,) = loaded.documents
    return document


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        pytest.param("a.md", b"", "empty", id="no-bytes"),
        pytest.param("a.md", b" \r\n\t\n", "empty", id="white-space-only"),
        pytest.param("a.md", b"\xef\xbb\xbf\n", "empty", id="byte-order-mark-only"),
        pytest.param(
            "a.txt", b"caf\x8e pay", "not UTF-8: byte 3 cannot be decoded; save the file as UTF-8 text", id="mac-roman"
        ),
        pytest.param(
            "a.txt",
            "Пекарь".encode("cp1251"),
            "not UTF-8: byte 0 cannot be decoded; save the file as UTF-8 text",
            id="cyrillic",
        ),
        pytest.param(
            "a.txt",
            "ä\r\nö".encode() + b"\xff",
            "not UTF-8: byte 6 cannot be decoded; save the file as UTF-8 text",
            id="position-counts-bytes-of-the-file",
        ),
        pytest.param(
            "a.txt",
            "pay".encode("utf-16")[:-1],
            "damaged: byte 6 is not UTF-16, which its first bytes announce; save the file as UTF-8 text",
            id="utf-16-cut-off",
        ),
        pytest.param(
            "a.txt",
            "pay".encode("utf-16-le"),
            "binary: NUL character at 1; if it is text, save the file as UTF-8 text",
            id="utf-16-without-a-mark",
        ),
        pytest.param(
            "a.md",
            b"pay\0roll",
            "binary: NUL character at 3; if it is text, save the file as UTF-8 text",
            id="nul-in-valid-utf-8",
        ),
        pytest.param(
            "a.md",
            b"\x89PNG\r\n\x1a\n\0\0",
            "binary: byte 0 cannot be decoded; save the file as UTF-8 text",
            id="picture-under-a-text-name",
        ),
        pytest.param("a.rtf", b"{\\rtf1 pay}", FORMATS, id="unsupported-format"),
        pytest.param("README", b"text", FORMATS, id="no-suffix"),
        pytest.param("a.md.bak", b"text", FORMATS, id="last-suffix-counts"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported_and_the_others_go_on(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    write(tmp_path, zz_md="Zebra keepers.")
    (tmp_path / name).write_bytes(content)
    loaded = load([tmp_path])
    assert loaded.skipped == (Skipped(str(tmp_path / name), reason),)
    assert loaded_texts(loaded) == {"zz": "Zebra keepers."}


TEXT = "A Bäcker earns 5 € an hour.\r\n\r\nBakers 🥖 rise – at three."


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(TEXT.encode("utf-8"), id="utf-8"),
        pytest.param(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"), id="utf-16-little-endian"),
        pytest.param(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), id="utf-16-big-endian"),
        pytest.param(codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), id="utf-32-little-endian"),
        pytest.param(codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), id="utf-32-big-endian"),
    ],
)
def test_a_text_is_read_by_its_mark_into_spans_that_are_exact(tmp_path: Path, raw: bytes) -> None:
    loaded = load([write(tmp_path, a_txt=raw)])
    assert loaded.odd == ()
    document = only(loaded)
    assert document.text == TEXT.replace("\r\n", "\n")
    statements = [chunk for chunk in chunks(document) if chunk.part is not None]
    assert [chunk.text for chunk in statements] == ["A Bäcker earns 5 € an hour.", "Bakers 🥖 rise – at three."]
    assert all(document.text[chunk.start : chunk.end] == chunk.text for chunk in statements)


def test_a_text_of_windows_is_read_and_told(tmp_path: Path) -> None:
    loaded = load(
        [write(tmp_path, a_txt="Bäcker – “5 €”".encode("cp1252"), b_csv="Café;Löhne\nA;5 €".encode("cp1252"))]
    )
    assert loaded_texts(loaded) == {"a": "Bäcker – “5 €”", "b": "| Café | Löhne |\n|---|---|\n| A | 5 € |"}
    told = "not UTF-8, read as Windows-1252; if letters of it look wrong, save it as UTF-8"
    assert loaded.odd == (Skipped(str(tmp_path / "a.txt"), told), Skipped(str(tmp_path / "b.csv"), told))


def test_the_unicode_text_of_a_spreadsheet_is_a_table(tmp_path: Path) -> None:
    raw = "State\tFee\tÖfen\nOregon\t$100\t2\nVermont\t$115\t3\n".encode("utf-16")
    text = only(load([write(tmp_path, a_txt=raw)])).text
    assert text == "| State | Fee | Öfen |\n|---|---|---|\n| Oregon | $100 | 2 |\n| Vermont | $115 | 3 |"


def test_a_stray_nul_costs_no_file_and_is_counted(tmp_path: Path) -> None:
    loaded = load([write(tmp_path, a_md="Bakers rise at three. " * 20 + "\0", b_csv="a,b\u200b\n1,2")])
    assert loaded_texts(loaded)["a"] == "Bakers rise at three. " * 20
    reason = "1 characters that nobody sees were left out of it"
    assert loaded.odd == tuple(Skipped(str(tmp_path / name), reason) for name in ("a.md", "b.csv"))


@pytest.mark.parametrize("name", ["big.md", "big.pdf", "big.docx", "big.html", "big.csv"])
def test_a_file_above_the_limit_is_not_even_read(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.write(b"%PDF-1.4\n")
        file.truncate(50_000_000)
    loaded = load([write(tmp_path, zz_md="Zebra keepers.")])
    assert loaded.skipped == (Skipped(str(tmp_path / name), "50,000,000 bytes, more than 20,000,000; split it"),)
    assert loaded_texts(loaded) == {"zz": "Zebra keepers."}


def test_a_file_or_folder_without_permission_is_reported() -> None:
    program = """
        import json, os, sys, pathlib
        from careerbot.loading import load
        if os.geteuid() == 0:
            os.setgid(65534), os.setuid(65534)  # root reads everything
        held = load([pathlib.Path(sys.argv[1])])
        print(json.dumps([[document.id for document in held.documents], [[s.path, s.reason] for s in held.skipped]]))
    """
    with tempfile.TemporaryDirectory() as named:  # unlike tmp_path open to other users
        folder = write(Path(named), a_md="a", c_md="c")
        write(folder / "closed", b_md="b")
        (folder / "a.md").chmod(0)
        (folder / "closed").chmod(0)
        folder.chmod(0o755)
        try:
            command = [sys.executable, "-c", textwrap.dedent(program), named]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        finally:
            (folder / "closed").chmod(0o700)
    assert json.loads(done.stdout) == [
        ["c"],
        [
            [f"{folder}/a.md", "cannot be read (Permission denied)"],
            [f"{folder}/closed", "the folder cannot be listed"],
        ],
    ]


@pytest.mark.parametrize("name", ["wordings.jsonl", "gaps.jsonl", "sources.toml"])
def test_a_side_file_that_cannot_be_read_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (write(tmp_path, a_md="a") / name).write_text("")

    class Denied(type(tmp_path)):  # type: ignore[misc]
        def read_bytes(self) -> bytes:
            if self.name == name:
                raise PermissionError(13, "Permission denied")
            return bytes(super().read_bytes())

        def read_text(self, *given: object, **named: object) -> str:
            return self.read_bytes().decode()

    monkeypatch.setattr("careerbot.loading.Path", Denied)
    with pytest.raises(InputError, match=f"{name} cannot be read: Permission denied"):
        load([Denied(tmp_path)])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("two\nlines.md", id="line-end"),
        pytest.param("x" * 252 + ".md", id="255-bytes"),
        pytest.param("\U0001f956.md", id="emoji"),
        pytest.param("..md", id="dots"),
        pytest.param("\x1b[31m.md", id="control"),
        pytest.param("a b'\"&<i>%2f.md", id="marks"),
    ],
)
def test_odd_names_are_read_as_files_like_others(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_text("Bakers rise.")
    if name.startswith("."):
        assert load([tmp_path / "in"]).documents == ()  # hidden
    (document,) = load([tmp_path / "in" / name]).documents
    assert (document.path, document.text) == (str(tmp_path / "in" / name), "Bakers rise.")
    assert Path(document.path).read_text() == document.text


def test_the_name_of_a_file_gives_an_id_and_a_title_that_steer_nothing(tmp_path: Path) -> None:
    for name in ("\x1b[2Jred.md", "\u202egpj.md", "two\nlines.md", "\u200b.md"):
        (tmp_path / name).write_text(f"Bakers of {len(name)} rise.")
    found = load([tmp_path]).documents
    assert [(held.id, held.title) for held in found] == [
        (name, name) for name in ("[2Jred", "document", "gpj", "two lines")
    ]


def test_what_is_no_file_does_not_hang_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket has 108 bytes at most
    os.mkfifo("pipe.md")
    Path("device.md").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.md")
        loaded = load([Path(), Path("device.md")])
    assert {skipped.path: skipped.reason for skipped in loaded.skipped} == dict.fromkeys(
        ("device.md", "pipe.md", "socket.md"), "not a regular file"
    )


def test_links_that_go_round_or_nowhere_are_reported(tmp_path: Path) -> None:
    (tmp_path / "loop.md").symlink_to("loop.md")
    (tmp_path / "gone.md").symlink_to("nothing.md")
    assert load([write(tmp_path, a_md="a")]).skipped == (
        Skipped(str(tmp_path / "gone.md"), "a link that leads to no file"),
        Skipped(str(tmp_path / "loop.md"), "a link that leads to no file"),
    )


def test_a_folder_linked_into_itself_is_not_walked_again(tmp_path: Path) -> None:
    (write(tmp_path, a_md="a") / "again").symlink_to(tmp_path)
    loaded = load([tmp_path])
    assert loaded_texts(loaded) == {"a": "a"}
    assert loaded.skipped == (Skipped(str(tmp_path / "again"), "a link to a folder"),)


def test_a_link_to_a_file_outside_the_folder_is_not_followed(tmp_path: Path) -> None:
    private = write(tmp_path / "home", private_md="private") / "private.md"
    folder = write(tmp_path / "corpus", a_md="a")
    (folder / "b.md").symlink_to(private)
    loaded = load([folder])
    assert loaded_texts(loaded) == {"a": "a"}
    assert loaded.skipped == (Skipped(str(folder / "b.md"), "a link out of the folder"),)


def test_a_link_is_followed_when_it_stays_inside_or_is_given_by_name(tmp_path: Path) -> None:
    folder = write(tmp_path / "corpus" / ".data", a_md="inside").parent
    (folder / "a.md").symlink_to(".data/a.md")
    assert loaded_texts(load([folder])) == {"a": "inside"}
    (tmp_path / "named.md").symlink_to(folder / "a.md")
    assert loaded_texts(load([tmp_path / "named.md"])) == {"named": "inside"}


def test_a_path_that_does_not_exist_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such file or folder: .*missing"):
        load([tmp_path / "missing"])


def test_hidden_files_and_the_catalogue_are_no_documents(tmp_path: Path) -> None:
    write(tmp_path, a_md="a", sources_toml="")
    write(tmp_path / ".git", config_md="x")
    (tmp_path / ".draft.md").write_text("x")
    loaded = load([tmp_path])
    assert loaded_texts(loaded) == {"a": "a"}
    assert loaded.skipped == ()


def test_folders_are_read_to_the_bottom_and_each_file_once(tmp_path: Path) -> None:
    write(tmp_path / "x" / "y", deep_TXT="deep")
    write(tmp_path, top_markdown="top")
    loaded = load([tmp_path, tmp_path / "x", tmp_path / "top.markdown"])
    assert loaded_texts(loaded) == {"deep": "deep", "top": "top"}


def test_a_name_that_is_not_utf8_is_reported_in_printable_form(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text("Baristas.")
    except OSError:
        pytest.skip("this file system refuses such names")
    (skipped,) = load([write(tmp_path, a_md="a")]).skipped
    assert skipped == Skipped(str(tmp_path / "caf\\xe9.md"), "its name is not UTF-8; rename it")
    assert skipped.path.encode()


def test_two_files_of_one_stem_become_two_documents(tmp_path: Path) -> None:
    write(tmp_path, a_md="markdown", a_txt="text")
    write(tmp_path / "b", a_md="folder")
    assert loaded_texts(load([tmp_path])) == {"a": "markdown", "a-2": "text", "a-3": "folder"}


def test_a_second_stem_never_takes_the_place_of_a_file_of_that_name(tmp_path: Path) -> None:
    write(tmp_path, a_md="markdown", a_txt="text")
    (tmp_path / "a-2.md").write_text("two")
    assert sorted(loaded_texts(load([tmp_path])).values()) == ["markdown", "text", "two"]


def test_a_text_that_several_files_hold_is_one_document_with_the_shortest_name(tmp_path: Path) -> None:
    write(tmp_path, a_md="Bakers rise.", b_md="Bakers rise!")
    for copy in ("Copy of a.md", "a (1).txt", "below/a.md"):
        write(tmp_path / "below")
        (tmp_path / copy).write_text("Bakers rise.")
    loaded = load([tmp_path])
    assert loaded_texts(loaded) == {"a": "Bakers rise.", "b": "Bakers rise!"}
    copies = ("a (1).txt", "below/a.md", "Copy of a.md")
    assert [held.copies for held in loaded.documents] == [tuple(str(tmp_path / copy) for copy in copies), ()]
    assert loaded.skipped == ()


def test_what_the_catalogue_knows_goes_before_a_copy_of_a_shorter_name(tmp_path: Path) -> None:
    write(tmp_path, a_md="Bakers rise.", baker_md="Bakers rise.")
    write(tmp_path, sources_toml='[[source]]\nid = "baker"\nas_of = "2024"\n')
    quotes = '{"asked": ["when"], "quotes": {"a": ["Bakers rise."], "baker": ["Bakers rise."]}}'
    (tmp_path / "wordings.jsonl").write_text(quotes)
    (document,) = load([tmp_path]).documents
    assert (document.id, document.as_of, document.copies) == ("baker", "2024", (str(tmp_path / "a.md"),))
    assert [wording.asked for wording in document.wordings] == [("when",)]


def test_sources_of_other_dates_that_say_the_same_stay_two(tmp_path: Path) -> None:
    write(tmp_path, a_md="Bakers rise.", b_md="Bakers rise.")
    write(tmp_path, sources_toml='[[source]]\nid = "a"\nas_of = "2019"\n[[source]]\nid = "b"\nas_of = "2024"\n')
    assert [(held.id, held.as_of, held.copies) for held in load([tmp_path]).documents] == [
        ("a", "2019", ()),
        ("b", "2024", ()),
    ]


@pytest.mark.parametrize(
    ("text", "shown", "count"),
    [
        pytest.param("A ba\u200bker ea\u00adrns $5.", "A baker earns $5.", 2, id="zero-width-and-soft-hyphen"),
        pytest.param("A baker earns \u202e08,61$\u202c.", "A baker earns 08,61$.", 2, id="bidirectional-override"),
        pytest.param("Pay\U000e0069\U000e0067.", "Pay.", 2, id="tag-characters"),
        pytest.param("\x1b[2JPay\x07.", "[2JPay.", 2, id="controls"),
        pytest.param("Pay.\ufeff", "Pay.", 1, id="byte-order-mark-inside"),
    ],
)
def test_characters_that_nobody_sees_are_left_out_of_a_text_and_told(
    tmp_path: Path, text: str, shown: str, count: int
) -> None:
    loaded = load([write(tmp_path, a_md=text, b_md="\ufeffB\n\tb, می\u200cخواهم \u200f.")])
    assert loaded_texts(loaded) == {"a": shown, "b": "\ufeffB\n\tb, می\u200cخواهم \u200f."}
    reason = f"{count} characters that nobody sees were left out of it"
    assert (loaded.skipped, loaded.odd) == ((), (Skipped(str(tmp_path / "a.md"), reason),))


def test_a_file_that_holds_nothing_to_be_seen_is_empty(tmp_path: Path) -> None:
    assert load([write(tmp_path, a_md="\u200b \u202e")]).skipped == (Skipped(str(tmp_path / "a.md"), "empty"),)


def test_a_file_that_vanishes_while_others_are_read_is_reported(tmp_path: Path) -> None:
    write(tmp_path, a_md="a", b_md="b", c_md="c")
    loaded = load([tmp_path], lambda _: (tmp_path / "b.md").unlink(missing_ok=True))
    assert loaded_texts(loaded) == {"a": "a", "c": "c"}
    assert loaded.skipped == (Skipped(str(tmp_path / "b.md"), "gone since the folder was listed"),)


def test_progress_counts_every_file_that_is_skipped_too(tmp_path: Path) -> None:
    told: list[int] = []
    load([write(tmp_path, a_md="a", b_rtf="b", c_md="")], told.append)
    assert told == [1, 1, 1]


def test_documents_come_in_the_order_of_their_ids_however_given(tmp_path: Path) -> None:
    folder = write(tmp_path, b_md="b", a_md="a", c_md="c")
    given = [folder / "c.md", folder / "a.md", folder / "b.md"]
    assert load(given) == load(reversed(given))
    assert list(loaded_texts(load(given))) == ["a", "b", "c"]


@given(st.lists(st.sampled_from(["\r", "\n", "\r\n", "\x85", "\u2028", "\f", "é", "🥖", "pay", " "]), max_size=20))
def test_offsets_are_those_of_read_text(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    file = tmp_path_factory.getbasetemp() / "offsets.md"
    file.write_bytes(("x" + "".join(parts)).encode())
    assert only(load([file])).text == file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        pytest.param("# Baker\n\n# Other", "Baker", id="first-heading"),
        pytest.param("\ufeff# Baker\n", "Baker", id="byte-order-mark-before-it"),
        pytest.param("text\n# Baker ##  \n", "Baker", id="closing-marks"),
        pytest.param("# C#\n", "C#", id="mark-that-belongs-to-the-name"),
        pytest.param("## Pay\n", "file", id="second-level-is-no-title"),
        pytest.param("#\n\nText below", "file", id="empty-heading-takes-no-line-from-below"),
        pytest.param("#Baker", "file", id="no-space-no-heading"),
        pytest.param("Bakers rise.", "file", id="plain-text-that-begins-with-a-sentence"),
        pytest.param(
            "\ufeffBaking: a guide\n\nBakers rise at three in the morning.", "Baking: a guide", id="plain-text"
        ),
        pytest.param("Intro\n\n## Pay\n\nLow.", "file", id="markdown-without-a-title"),
    ],
)
def test_the_title_is_the_first_heading_or_the_name(tmp_path: Path, text: str, title: str) -> None:
    assert only(load([write(tmp_path, file_md=text)])).title == title


def test_documents_that_call_themselves_alike_are_told_apart_by_their_ids(tmp_path: Path) -> None:
    write(tmp_path, a_md="# Baker\n\nRye.", b_md="# Baker\n\nOats.", c_md="# Baker\n\nCorn.", d_md="# Oven\n\nHot.")
    write(tmp_path, sources_toml='[[source]]\nid = "c"\ntitle = "Baker"\n')
    assert [held.title for held in load([tmp_path]).documents] == ["Baker (a)", "Baker (b)", "Baker", "Oven"]


@pytest.mark.faults
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# x" + " " * 200_000 + "y", id="blanks-in-a-heading"),
        pytest.param("# " + "a #" * 100_000 + "\x85", id="marks-in-a-heading"),
        pytest.param("#\n" * 200_000, id="empty-headings"),
    ],
)
def test_a_hostile_heading_takes_linear_time(tmp_path: Path, text: str) -> None:
    started = time.process_time()
    assert load([write(tmp_path, a_md=text)]).documents
    assert time.process_time() - started < 2


def test_the_catalogue_describes_the_files_beside_it(tmp_path: Path) -> None:
    catalogue = """
        [[source]]
        id = "baker"
        title = "The Baker"
        publisher = "Guild"
        as_of = "2024-05"
        place = "France"
        [[source]]
        id = "ovens"
        file = "heat.txt"
    """
    write(tmp_path, baker_md="# Bread", heat_txt="Hot.", other_md="Else.", sources_toml=catalogue)
    write(tmp_path / "below", baker_md="Below.")
    found = {document.path: document for document in load([tmp_path]).documents}
    baker = found[str(tmp_path / "baker.md")]
    assert (baker.title, baker.publisher, baker.as_of, baker.place) == ("The Baker", "Guild", "2024-05", "France")
    assert found[str(tmp_path / "heat.txt")].id == "ovens"
    assert found[str(tmp_path / "other.md")].id == "other"
    # A catalogue speaks of its own folder only.
    below = found[str(tmp_path / "below" / "baker.md")]
    assert (below.id, below.publisher) == ("baker-2", "")


def test_a_catalogue_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    write(tmp_path, a_md="a", sources_toml='\ufeff[[source]]\nid = "a"\nplace = "Wien"\n')
    assert only(load([tmp_path])).place == "Wien"


@pytest.mark.parametrize(
    ("catalogue", "message"),
    [
        pytest.param('[[source]\nid = "a"', "is not valid TOML", id="syntax"),
        pytest.param(b'[[source]]\nid = "caf\xe9"', "is not UTF-8 text (byte 20); save it as UTF-8", id="not-utf-8"),
        pytest.param("[[source]]".encode("utf-16"), "is not UTF-8 text (byte 0)", id="utf-16"),
        pytest.param('[[source]]\ntitle = "x"', "needs an id", id="no-id"),
        pytest.param("[[source]]\nid = 3", "needs an id", id="id-is-a-number"),
        pytest.param('[[source]]\nid = "\\ud800"', "is not valid TOML", id="half-a-character"),
        pytest.param('[[source]]\nid = " "', "needs an id", id="id-is-blank"),
        pytest.param('source = "a"', "needs an id", id="source-is-a-string"),
        pytest.param('source = ["a"]', "needs an id", id="source-is-a-list-of-strings"),
        pytest.param(
            '[[source]]\nid = "a"\nas_of = 2024',
            """as_of of 'a' must be a string, so in quotes: as_of = "2024\"""",
            id="year-without-quotes",
        ),
        pytest.param(
            '[[source]]\nid = "a"\nas_of = 2024-05-01', 'in quotes: as_of = "2024-05-01"', id="date-without-quotes"
        ),
        pytest.param(
            '[[source]]\nid = "a"\nas_of = "May 2024"',
            "must be a date as YYYY, YYYY-MM or YYYY-MM-DD, not 'May 2024'",
            id="month-in-words",
        ),
        pytest.param('[[source]]\nid = "a"\nas_of = "2024-13"', "must be a date as YYYY", id="no-such-month"),
        pytest.param('[[source]]\nid = "a"\nas_of = "2024-05-32"', "must be a date as YYYY", id="no-such-day"),
        pytest.param('[[source]]\nid = "a"\nas_of = "2023-02-29"', "must be a date as YYYY", id="no-leap-year"),
        pytest.param('[[source]]\nid = "a"\nas_of = "0000"', "must be a date as YYYY", id="no-such-year"),
        pytest.param(
            '[[source]]\nid = "a"\nasof = "2024"',
            "'asof' of 'a' is not known; expected id, file, title, publisher, as_of, place, note",
            id="unknown-key",
        ),
        pytest.param('[[sources]]\nid = "a"', "expected [[source]] and below it what is known", id="unknown-table"),
        pytest.param(
            'id = "a"', "expected [[source]] and below it what is known of a document, not 'id'", id="no-table"
        ),
        pytest.param('[[source]]\nid = "a"\n' * 2, "the id 'a' stands there twice", id="an-id-twice"),
        pytest.param('[[source]]\nid = "b"\nfile = "../a.md"', "must be the name of a file beside it", id="a-path"),
        pytest.param('[[source]]\nid = "\\u001b[2J"\nas_of = "x"', r"of '\x1b[2J' must be", id="terminal-escape"),
        pytest.param('[[source]]\nid = "a"\nas_of = "05-2024"', "must be a date as YYYY", id="month-first"),
    ],
)
def test_a_wrong_catalogue_is_one_line_that_names_the_file(
    tmp_path: Path, catalogue: str | bytes, message: str
) -> None:
    with pytest.raises(InputError) as error:
        load([write(tmp_path, a_md="a", sources_toml=catalogue)])
    assert str(tmp_path / "sources.toml") in str(error.value)
    assert message in str(error.value)


def test_an_entry_without_a_file_is_told_and_costs_nothing(tmp_path: Path) -> None:
    named = ("baker", "bakers", "oven", "gone")
    files = ("", "", 'file = "a.md"', 'file = "gone.md"')
    catalogue = "".join(f'[[source]]\nid = "{name}"\n{file}\n' for name, file in zip(named, files, strict=True))
    write(tmp_path, baker_pdf="no pdf", a_md="Hot.", sources_toml=catalogue)
    loaded = load([tmp_path])
    assert loaded_texts(loaded) == {"oven": "Hot."}
    told = "no file beside it is meant by {!r}; name one there: file = …"
    assert loaded.odd == tuple(
        Skipped(str(tmp_path / "sources.toml"), told.format(name)) for name in ("bakers", "gone")
    )


def test_a_folder_in_place_of_a_catalogue_is_one_line(tmp_path: Path) -> None:
    (write(tmp_path, a_md="a") / "sources.toml").mkdir()
    with pytest.raises(InputError, match=r"sources\.toml cannot be read: Is a directory"):
        load([tmp_path])


def test_wordings_belong_to_the_sentence_that_they_quote(tmp_path: Path) -> None:
    write(tmp_path, a_md="Bakers rise at three.", b_md="Other.")
    (tmp_path / "wordings.jsonl").write_text(
        '{"asked": ["when do bakers get up"], "quotes": {"a": ["Bakers rise at three."]}}\n\n'
        '{"asked": ["when"], "quotes": {"a": ["Bakers rise at four."]}}\n'
    )
    loaded = load([tmp_path])
    assert [[(held.quote, held.asked) for held in document.wordings] for document in loaded.documents] == [
        [("Bakers rise at three.", ("when do bakers get up",))],
        [],
    ]
    assert loaded.odd == (Skipped(str(tmp_path / "wordings.jsonl"), "a.md no longer says: 'Bakers rise at four.'"),)


def test_one_line_of_wordings_asks_for_statements_of_several_documents(tmp_path: Path) -> None:
    write(tmp_path, a_md="Bakers rise at three. They nap.", b_md="Beekeepers rise at six.", c_md="Nobody asks.")
    (tmp_path / "wordings.jsonl").write_text(
        '{"asked": ["who gets up", "when"], "quotes": {"a": ["Bakers rise at three.", "They nap."],'
        ' "b": ["Beekeepers rise at six."]}}\n'
        '{"asked": ["how early"], "quotes": {"a": ["Bakers rise at three."], "b": ["Beekeepers never rise."]}}\n'
    )
    loaded = load([tmp_path])
    assert {document.id: [(held.quote, held.asked) for held in document.wordings] for document in loaded.documents} == {
        "a": [
            ("Bakers rise at three.", ("who gets up", "when")),
            ("They nap.", ("who gets up", "when")),
            ("Bakers rise at three.", ("how early",)),
        ],
        "b": [("Beekeepers rise at six.", ("who gets up", "when"))],
        "c": [],
    }
    assert [odd.reason for odd in loaded.odd] == ["b.md no longer says: 'Beekeepers never rise.'"]


def test_wordings_go_by_the_id_that_the_catalogue_gives_and_stay_in_their_folder(tmp_path: Path) -> None:
    write(tmp_path, a_md="Bakers rise at three.")
    write(tmp_path / "below", a_md="Bakers rise at three. They nap.")
    write(tmp_path, sources_toml='[[source]]\nid = "guide"\nfile = "a.md"\n')
    (tmp_path / "wordings.jsonl").write_text(
        '{"asked": ["when"], "quotes": {"guide": ["Bakers rise at three."], "a": ["Bakers rise at three."]}}'
    )
    found = {document.id: document.wordings for document in load([tmp_path]).documents}
    assert {name: len(wordings) for name, wordings in found.items()} == {"a": 0, "guide": 1}


def test_gaps_are_read_once_per_folder_and_are_no_documents(tmp_path: Path) -> None:
    write(tmp_path, a_md="a", b_md="b")
    (tmp_path / "gaps.jsonl").write_text('{"topic": "tips", "asked": ["do bakers get tips", "tipping"]}\n')
    loaded = load([tmp_path])
    assert loaded.gaps == (Gap("tips", ("do bakers get tips", "tipping")),)
    assert loaded.skipped == ()


NO_OBJECT = [
    pytest.param(b"{", id="no-json"),
    pytest.param(b"[1]", id="no-object"),
    pytest.param(b"\xff", id="not-utf-8"),
    pytest.param(b"{}", id="nothing-in-it"),
]


@pytest.mark.parametrize(
    "line",
    [
        *NO_OBJECT,
        pytest.param(b'{"document": "a", "quote": "b", "asked": ["when"]}', id="format-of-one-quote-a-line"),
        pytest.param(b'{"quotes": {"a": ["b"]}}', id="asked-missing"),
        pytest.param(b'{"asked": ["when"]}', id="quotes-missing"),
        pytest.param(b'{"asked": "when", "quotes": {"a": ["b"]}}', id="asked-is-a-string"),
        pytest.param(b'{"asked": [1], "quotes": {"a": ["b"]}}', id="asked-holds-a-number"),
        pytest.param(b'{"asked": null, "quotes": {"a": ["b"]}}', id="asked-is-null"),
        pytest.param(b'{"asked": ["when"], "quotes": ["b"]}', id="quotes-name-no-document"),
        pytest.param(b'{"asked": ["when"], "quotes": {"a": "b"}}', id="quote-without-a-list"),
        pytest.param(b'{"asked": ["when"], "quotes": {"a": [["b"]]}}', id="quote-is-a-list"),
        pytest.param(b'{"asked": ["\\ud800"], "quotes": {"a": ["b"]}}', id="half-a-character"),
    ],
)
@pytest.mark.parametrize("before", [0, 2], ids=["first-line", "third-line"])
def test_wrong_wordings_are_one_line_that_names_the_file_and_the_line(tmp_path: Path, line: bytes, before: int) -> None:
    write(tmp_path, a_md="a")
    (tmp_path / "wordings.jsonl").write_bytes(b'{"asked": ["when"], "quotes": {"a": ["a"]}}\n' * before + line + b"\n")
    with pytest.raises(InputError, match=rf"wordings\.jsonl line {before + 1}: expected ") as raised:
        load([tmp_path])
    assert str(raised.value).endswith('expected {"asked": ["…"], "quotes": {"document": ["…"]}}')


@pytest.mark.parametrize(
    "line",
    [
        *NO_OBJECT,
        pytest.param(b'{"asked": ["tips"]}', id="topic-missing"),
        pytest.param(b'{"topic": "tips"}', id="asked-missing"),
        pytest.param(b'{"topic": 3, "asked": ["tips"]}', id="topic-is-a-number"),
        pytest.param(b'{"topic": "tips", "asked": "tips"}', id="asked-is-a-string"),
    ],
)
def test_wrong_gaps_are_one_line_that_names_the_file_and_the_line(tmp_path: Path, line: bytes) -> None:
    write(tmp_path, a_md="a")
    (tmp_path / "gaps.jsonl").write_bytes(b'{"topic": "pay", "asked": []}\n\n' + line)
    with pytest.raises(InputError, match=r"gaps\.jsonl line 3: expected ") as raised:
        load([tmp_path])
    assert str(raised.value).endswith('expected {"topic": "…", "asked": ["…"]}')
