"""The report as one HTML page that asks nothing of the network. All text from cases and documents is escaped."""

from __future__ import annotations

from html import escape

from evals import charts, graders, metrics, risk
from evals.metrics import Graded
from evals.report import Report, figure, interval

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2733; --soft: #667; --bar: #3f7cac; --line: #ccd3da; --back: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --soft: #9aa6b2; --bar: #5b9bd1; --line: #39434d; --back: #14181c; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back);
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); }
th { text-align: left; } td + td, th + th { text-align: right; }
figure { margin: 1.5rem 0; } figcaption { font-weight: 600; } svg { max-width: 100%; height: auto; }
svg text { font-size: 13px; fill: var(--ink); } .bar { fill: var(--bar); } .grid { stroke: var(--line); }
.error { stroke: var(--ink); stroke-width: 1.5; } .curve { fill: none; stroke: var(--bar); stroke-width: 2; }
details { border-bottom: 1px solid var(--line); padding: .4rem 0; } summary { cursor: pointer; }
pre, blockquote { white-space: pre-wrap; overflow-wrap: anywhere; } .soft { color: var(--soft); }
blockquote { border-left: 3px solid var(--line); margin: .4rem 0; padding-left: .8rem; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(report: Report) -> str:
    """The whole page: figures, charts, and the misses with the quotes that were shown."""
    groups = len({held.case.group for held in report.graded})
    body = [
        "<h1>careerbot: the exam</h1>",
        f'<p class="soft">Split {escape(report.split)}: {len(report.graded)} cases on {groups} facts. '
        "Brackets and thin lines are 95 % intervals: Wilson's for shares, a bootstrap over facts for means.</p>",
        _measures(report),
        *(charts.bars(f"Right by {by}", [(one.name, one.right) for one in held]) for by, held in report.slices.items()),
        *_retrieval(report),
        _risk(report),
        f"<h2>The {len(report.misses)} misses</h2>",
        *(_miss(held) for held in report.misses),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>careerbot: the exam</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _measures(report: Report) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{figure(name, held.value)}</td>"
        f"<td>{escape(interval(name, held))}</td><td>{held.n}</td></tr>"
        for name, held in report.measures.items()
    )
    return f"<table><tr><th>metric</th><th>value</th><th>95 %</th><th>n</th></tr>{rows}</table>"


def _retrieval(report: Report) -> list[str]:
    """One chart per metric, the searches below each other: BM25 is the floor."""
    if not report.retrieval:
        return []
    names = next(iter(report.retrieval.values()))
    return ["<h2>Retrieval against the BM25 floor</h2>"] + [
        charts.bars(
            name,
            [
                ("BM25 (floor)" if search == "lexical" else search, measures[name])
                for search, measures in report.retrieval.items()
            ],
        )
        for name in ("hit@1", "hit@5", "nDCG@10")
        if name in names
    ]


def _risk(report: Report) -> str:
    """The risk-coverage curve, where the rows carry a confidence."""
    given = [
        (confidence, held.grade.right)
        for confidence, held in metrics.confident(report.graded)
        if held.row.reply.status != graders.REFUSED
    ]
    if not given:
        return ""
    points = risk.curve([confidence for confidence, _ in given], [right for _, right in given])
    return charts.curve("Risk and coverage of the answers given, the surest first", points, "coverage", "risk")


def _miss(held: Graded) -> str:
    case, reply = held.case, held.row.reply
    earlier = "".join(f"<p>{escape(turn)}</p>" for turn in case.turns[:-1])
    quotes = "".join(
        f'<blockquote>{escape(cited.quote)}<br><span class="soft">[{cited.number}] {escape(cited.source)}, '
        f"characters {cited.start} to {cited.end}</span></blockquote>"
        for cited in reply.citations
    )
    return (
        f"<details><summary><b>{held.grade.outcome.value}</b> {escape(case.id)}: {escape(case.turns[-1])}</summary>"
        f'{earlier}<p class="soft">{escape(case.category)}, {escape(case.style)}; searched: {escape(reply.searched)}; '
        f"first evidence found at {escape(_found_at(held))}</p><p>{escape(held.grade.why)}</p>"
        f"<pre>{escape(reply.text)}</pre>{quotes}</details>"
    )


def _found_at(held: Graded) -> str:
    """The rank of the first relevant statement in each search, from 1; "–" beyond those kept."""
    if not held.row.relevant:
        return "no rank (nothing to find)"
    ranks = []
    for search, ids in held.row.reply.retrieved.items():
        rank = next((at for at, name in enumerate(ids, start=1) if name in held.row.relevant), None)
        ranks.append(f"{search} {rank or '–'}")
    return ", ".join(ranks)
