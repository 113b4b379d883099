"""HTML, PDF and DOCX → Markdown, by trafilatura, pdfplumber and markitdown. Runs in the process that converts.

Each converter takes the bytes of a file and gives its Markdown and the date that it states ("" for none). It
raises InputError with the reason when it refuses the file; what the libraries raise ends the process.
"""

from __future__ import annotations

import copy
import html
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from careerbot import decoding
from careerbot.errors import InputError
from careerbot.hidden import shown_docx, shown_pdf

if TYPE_CHECKING:
    from pdfplumber.page import Page

MAX_PAGES = 2_000
MAX_ENTRIES = 5_000
MAX_UNPACKED = 100_000_000  # bytes
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{1,40})", re.I)
_XML_CHARSET = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w:.-]{1,40})", re.I)
# Labels that browsers read otherwise than Python does (WHATWG Encoding Standard).
_LABELS = dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "latin-1", "us-ascii", "ascii"), "cp1252")
_CHARSETS = re.compile(r"utf-8|utf8|cp\d+|windows-\d+|iso-?8859-\d+|koi8-[ru]|gb\w+|big5|shift_jis|euc-\w+|mac-?roman")
_DATES = (
    "article:modified_time",
    "datemodified",
    "dcterms.modified",
    "last-modified",
    "article:published_time",
    "datepublished",
    "dcterms.date",
    "dcterms.issued",
    "date",
)
_DATE = re.compile(r"\s*([0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)(?![0-9])")
_HIDDEN = re.compile(r"display:none|visibility:hidden|font-size:[01](?:px|pt|em|%)?(?:;|$)")
_WHITE = r"(?:white|#fff|#ffffff|rgb\(255,255,255\))(?:!important)?(?:;|$)"
_WHITE_ON_WHITE = re.compile(rf"(?=.*(?:^|;)color:{_WHITE})(?=.*(?:^|;)background(?:-color)?:{_WHITE})")
_INLINE = ("b", "strong", "i", "em", "u", "s", "del", "ins", "mark", "small", "sub", "sup", "font", "span")
_BLOCKS = "div|p|ul|ol|dl|table|section|article|main|blockquote|pre|h1|h2|h3|h4|h5|h6|form|header|figure"
# Signs are quoted as the page shows them; a bar would end a cell, and "#" begin a heading.
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()<>+\-.!~])")
_WORD_STYLES = "\n".join(
    ["p[style-name='Title'] => h1:fresh"]
    + [f"p[style-name='heading {level}'] => h{min(level + 1, 6)}:fresh" for level in range(1, 7)]
)
_TITLE_OF_A_PROGRAM = re.compile(r"(?i)microsoft word|untitled|.*\.\w{2,4}$|\W*$")


def html_markdown(raw: bytes) -> tuple[str, str]:
    """The main text of a web page; navigation, footers and what the page hides are left out."""
    import lxml.html

    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    tree = lxml.html.document_fromstring(_decoded(raw).encode(), parser=parser)
    title = " ".join((tree.findtext(".//title") or "").split())
    as_of = _stated_date(tree)
    _simplify(tree)
    text = _extracted(copy.deepcopy(tree))
    if not re.search(r"^#+ ", text, re.MULTILINE):
        # Without <article> or <main>, trafilatura may give paragraphs only.
        _wrap(tree)
        text = _extracted(tree) or text
    return _titled(text, title), as_of


def _extracted(tree: Any) -> str:
    import trafilatura
    from trafilatura.settings import DEFAULT_CONFIG

    settings = copy.deepcopy(DEFAULT_CONFIG)
    for name in ("MIN_EXTRACTED_SIZE", "MIN_OUTPUT_SIZE"):  # short pages would lose their structure
        settings["DEFAULT"][name] = "1"
    # Its dates are not used: it takes one out of a copyright line.
    found = trafilatura.extract(
        tree, output_format="markdown", include_comments=False, include_tables=True, fast=True, config=settings
    )
    return _ESCAPE.sub(r"\1", found or "")


def _decoded(raw: bytes) -> str:
    """The page as text: by its byte order mark, else as UTF-8, else as the charset that it declares or that fits."""
    if decoding.marked(raw):
        return decoding.decoded(raw)[0]
    declared = _CHARSET.search(raw[:4096]) or _XML_CHARSET.match(raw[:4096])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if declared is None:
            return _undeclared(raw, error.start)
    label = declared.group(1).decode("ascii", "replace").lower()
    charset = _LABELS.get(label, label)
    if not _CHARSETS.fullmatch(charset):
        raise InputError(f"its charset {label!r} is not known")
    try:
        return raw.decode(charset)
    except LookupError as error:
        raise InputError(f"its charset {label!r} is not known") from error
    except UnicodeDecodeError as error:
        raise InputError(f"byte {error.start} is not {label}, the charset that the page declares") from error


def _undeclared(raw: bytes, wrong: int) -> str:
    """A page that does not say its charset, as browsers read it: as Windows-1252."""
    try:
        return decoding.decoded(raw)[0]
    except InputError as error:
        raise InputError(f"not UTF-8 (byte {wrong}), and the page declares no charset") from error


def _stated_date(tree: Any) -> str:
    stated: dict[str, str] = {}
    for meta in tree.iter("meta"):
        name = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").lower()
        if date := _DATE.match(meta.get("content") or ""):
            stated.setdefault(name, date.group(1))
    return next((stated[name] for name in _DATES if name in stated), "")


def _simplify(tree: Any) -> None:
    """Take out what is not shown or not content, and give the rest the marks that trafilatura looks for."""
    import lxml.etree

    lxml.etree.strip_elements(
        tree, "script", "style", "noscript", "template", "iframe", "svg", "nav", "footer", with_tail=False
    )
    for element in list(tree.iter("*")):
        style = re.sub(r"\s", "", element.get("style") or "").lower()
        hidden = "hidden" in element.attrib or _HIDDEN.search(style) or _WHITE_ON_WHITE.match(style)
        if hidden and element.getparent() is not None:
            element.drop_tree()
    lxml.etree.strip_tags(tree, *_INLINE)
    for element in tree.iter("div"):
        if (element.text or "").strip() and not any(child.tag in _BLOCKS.split("|") for child in element):
            element.tag = "p"  # text right inside a <div> is passed over
    for table in tree.iter("table"):
        rows = list(table.iter("tr"))
        if len(rows) > 1 and next(table.iter("th"), None) is None:
            for cell in rows[0].iter("td"):
                cell.tag = "th"


def _wrap(tree: Any) -> None:
    body = tree.find("body")
    if body is not None:
        article = body.makeelement("article")
        article.text, body.text = body.text, None
        article.extend(list(body))
        body.append(article)


def _titled(text: str, title: str) -> str:
    """The Markdown with one heading of the first level at its top, where the document has or states a title."""
    if re.search(r"^# ", text, re.MULTILINE):
        return text
    if text.startswith("## ") and len(re.findall(r"^## ", text, re.MULTILINE)) == 1:
        return re.sub(r"^#(#+ )", r"\1", text, flags=re.MULTILINE)
    return f"# {title}\n\n{text}" if title and text else text


def docx_markdown(raw: bytes) -> tuple[str, str]:
    """What a Word document shows. Its date is left open: programs set it, and templates of some hold one from 2013."""
    title = _checked_archive(raw)
    from markitdown import StreamInfo
    from markitdown.converters import DocxConverter

    markdown = (
        DocxConverter()  # type: ignore[no-untyped-call]
        .convert(
            io.BytesIO(shown_docx(raw)),
            StreamInfo(extension=".docx"),
            strict=True,
            style_map=_WORD_STYLES,
            bullets="-",
            table_infer_header=True,
            strip=["a", "img", *_INLINE],
            escape_misc=False,
            escape_underscores=False,
            escape_asterisks=False,
        )
        .markdown
    )
    return _titled(markdown, title), ""


def _checked_archive(raw: bytes) -> str:
    """The title in the properties of a DOCX. Refuses other archives, bombs and what declares XML entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            if len(entries) > MAX_ENTRIES or size > MAX_UNPACKED:
                raise InputError(f"unpacks to {len(entries):,} entries of {size:,} bytes, more than a document has")
            names = {entry.filename for entry in entries}
            if "word/document.xml" not in names:
                raise InputError("a zip archive that is no Word document (DOCX)")
            for entry in entries:
                if entry.flag_bits & 1:
                    raise InputError("encrypted: save it without a password")
                # No program writes a document type into a DOCX; it is how entities are declared.
                if entry.filename.endswith((".xml", ".rels")) and b"<!DOCTYPE" in archive.read(entry).replace(
                    b"\0", b""
                ):
                    raise InputError("its XML declares a document type, which no Word document does")
            core = archive.read("docProps/core.xml") if "docProps/core.xml" in names else b""
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(f"damaged: this archive cannot be read ({error})") from error
    stated = re.search(r"<dc:title>([^<]*)</dc:title>", core.decode("utf-8", "replace"))
    return " ".join(html.unescape(stated.group(1)).split()) if stated else ""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a PDF, in points from the top left. A table is a line of size 0 with its Markdown."""

    text: str
    size: float
    page: int
    left: float
    top: float
    right: float
    bottom: float
    margin: float = 0.0  # the right edge of the longest line of its column
    edge: bool = False  # near the top or bottom of the page


_UNKNOWN = re.compile(r"\(cid:\d+\)")
"""What stands for a character of a font that does not say which one it is."""

_BULLET = re.compile(r"(?:[•‣◦▪·●○\uf0b7–-]|\(cid:\d+\))\s+(?=\S)")
_NUMBERED = re.compile(r"\d{1,3}[.)]\s+\S")
_LARGER = 1.15
"""A heading is set this much larger than the text that most of the document has."""


def pdf_markdown(raw: bytes) -> tuple[str, str]:
    """A PDF: headings by the size of the type, ruled tables, paragraphs put together again. Its date is left open."""
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(io.BytesIO(raw)) as pdf:
            if len(pdf.pages) > MAX_PAGES:
                raise InputError(f"{len(pdf.pages):,} pages, more than {MAX_PAGES:,}")
            lines: list[_Line] = []
            for number, page in enumerate(pdf.pages):
                shown_pdf(page)
                lines += _page_lines(page, number)
                page.close()
            stated = (pdf.metadata or {}).get("Title")
            pages = len(pdf.pages)
    except PdfminerException as error:
        if error.args and isinstance(error.args[0], PDFPasswordIncorrect):
            raise InputError("encrypted: save it without a password") from error
        raise
    if not lines:
        raise InputError("no text in it (a scan?): run it through text recognition (OCR) first")
    if sum(len(_UNKNOWN.findall(line.text)) for line in lines) > sum(len(line.text) for line in lines) / 50:
        raise InputError("its fonts do not say which letters they hold: run it through text recognition (OCR) first")
    title = " ".join(stated.split()) if isinstance(stated, str) and not _TITLE_OF_A_PROGRAM.match(stated) else ""
    return _titled(_pdf_blocks(_without_running_heads(lines, pages)), title), ""


def _page_lines(page: Page, number: int) -> list[_Line]:
    found = [table for table in page.find_tables() if len(table.rows) > 1 and len(table.columns) > 1]
    lines: list[_Line] = []
    for part in [page] if found else _columns(page):
        read = part.extract_text_lines(x_tolerance_ratio=0.15)
        margin = max((line["x1"] for line in read), default=0.0)
        for line in read:
            middle = (line["top"] + line["bottom"]) / 2
            if any(table.bbox[1] <= middle <= table.bbox[3] for table in found):
                continue
            sizes = Counter(round(2 * char["size"]) / 2 for char in line["chars"])
            edge = not 0.08 * page.height < middle < 0.92 * page.height
            place = (line["x0"], line["top"], line["x1"], line["bottom"])
            lines.append(_Line(line["text"].strip(), sizes.most_common(1)[0][0], number, *place, margin, edge))
    lines += [_Line(_ruled(table.extract()), 0.0, number, *table.bbox) for table in found]
    return sorted(lines, key=lambda line: line.top) if found else lines


def _ruled(rows: Sequence[Sequence[str | None]]) -> str:
    cells = [[" ".join((cell or "").split()).replace("|", "\\|") for cell in row] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in cells if any(row)]
    return "\n".join([*lines[:1], "|" + "---|" * len(cells[0]), *lines[1:]])


def _columns(page: Page) -> list[Page]:
    """The page, or what stands above two columns of running text and then each of them."""
    words = page.extract_words(x_tolerance_ratio=0.15)
    x0, top, x1, bottom = page.bbox
    width = x1 - x0
    for gutter in (x0 + width * share / 100 for share in range(44, 57)):
        crossing = [word for word in words if word["x0"] < gutter < word["x1"]]
        start = max((word["bottom"] for word in crossing), default=top)
        if start > top + (bottom - top) / 2:
            continue
        boxes = ((x0, start, gutter, bottom), (gutter, start, x1, bottom))
        if start >= bottom or not all(_is_running(page.crop(box), width) for box in boxes):
            continue
        above = [page.crop((x0, top, x1, start))] if start > top else []
        return [*above, *(page.crop(box) for box in boxes)]
    return [page]


def _is_running(column: Page, width: float) -> bool:
    """Whether most lines of the column fill it, as prose does and the cells of a table do not."""
    lengths = sorted(line["x1"] - line["x0"] for line in column.extract_text_lines(return_chars=False))
    return len(lengths) > 4 and lengths[len(lengths) // 2] > 0.3 * width


def _without_running_heads(lines: Sequence[_Line], pages: int) -> list[_Line]:
    """Without page numbers, and without what three pages or more, a tenth at least, repeat at their edge."""

    def shape(line: _Line) -> str:
        return re.sub(r"\d+", "0", line.text)

    repeated = Counter(shape(line) for line in lines if line.edge and any(map(str.isalpha, line.text)))
    return [
        line
        for line in lines
        if not line.edge
        or not (re.fullmatch(r"\W*\d{1,4}\W*", line.text) or repeated[shape(line)] >= max(3, pages / 10))
    ]


def _pdf_blocks(lines: Sequence[_Line]) -> str:
    sizes = Counter[float]()
    for line in lines:
        sizes[line.size] += len(line.text) if line.size else 0
    usual = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = sorted({line.size for line in lines if _is_heading(line, usual)}, reverse=True)
    first = 1 if larger and len(list(_joined([line for line in lines if line.size == larger[0]], usual))) == 1 else 2
    levels = {size: min(first + rank, 6) for rank, size in enumerate(larger)}
    blocks: list[str] = []
    for before, line, text in _joined(lines, usual):
        mark = "#" * levels[line.size] + " " if _is_heading(line, usual) else ""
        item = not mark and bool(_BULLET.match(text) or _NUMBERED.match(text))
        near = before is not None and before.page == line.page and line.top - before.bottom < 0.8 * usual
        above = blocks[-1].lstrip("\n") if blocks else ""
        listed = bool(re.match(r"- |\d{1,3}[.)] ", above))
        apart = bool(mark) or not line.size or not near or item != listed or above.startswith(("#", "|"))
        blocks.append(("\n" if blocks and apart else "") + mark + (_BULLET.sub("- ", text, count=1) if item else text))
    return "\n".join(blocks)


def _is_heading(line: _Line, usual: float) -> bool:
    return line.size >= _LARGER * usual and len(line.text) <= 150 and any(map(str.isalpha, line.text))


def _joined(lines: Sequence[_Line], usual: float) -> Iterator[tuple[_Line | None, _Line, str]]:
    """Each heading, paragraph, item or table: the line before it, its first line, and its text on one line."""
    first: _Line | None = None
    before: _Line | None = None
    last: _Line | None = None
    text = ""
    for line in lines:
        if first is not None and last is not None and _goes_on(last, line, usual):
            hyphen = text.endswith("-") and line.text[:1].islower() and text[-2:-1].isalpha()
            text = text[:-1] + line.text if hyphen else f"{text} {line.text}"
        else:
            if first is not None:
                yield before, first, text
            before, first, text = last, line, line.text
        last = line
    if first is not None:
        yield before, first, text


def _goes_on(last: _Line, line: _Line, usual: float) -> bool:
    """Whether a line goes on with the text of the last: the same type, right below it, the last one full."""
    if not line.size or last.size != line.size or _BULLET.match(line.text) or _NUMBERED.match(line.text):
        return False
    near = last.page == line.page and -1 < line.top - last.bottom < 0.8 * line.size
    if _is_heading(line, usual):
        return near
    full = last.right > last.margin - 0.15 * (last.margin - min(last.left, line.left))
    return full and (near or (line.text[:1].islower() and last.text[-1:] not in ".!?:"))


CONVERTERS = {"HTML": html_markdown, "PDF": pdf_markdown, "DOCX": docx_markdown}
