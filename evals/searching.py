"""M10: where the statements that hold the evidence stand in each search, computed by ranx.

ranx is tested against trec_eval; it compiles itself on first use, which takes some seconds.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

HITS = ("hit_rate@1", "hit_rate@3", "hit_rate@5")
METRICS = (*HITS, "mrr", "ndcg@10", "recall@10")
NAMES = dict(zip(METRICS, ("hit@1", "hit@3", "hit@5", "MRR@10", "nDCG@10", "recall@10"), strict=True))

Ranked = Mapping[str, Sequence[str]]


def score(relevant: Ranked, ranked: Ranked) -> dict[str, dict[str, float]]:
    """Metric → case → value in [0, 1]. `relevant` and `ranked` map cases to statement ids, the latter best first.

    Cases without anything relevant are left out; one for which nothing was found scores 0. Ten ids
    are kept of a ranking, so MRR is that of the first ten.
    """
    judged = {name: dict.fromkeys(ids, 1) for name, ids in relevant.items() if ids}
    if not judged:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba's, about its own compiling of ranx
        from ranx import Qrels, Run, evaluate

        # An empty ranking is none to ranx; one that holds nothing relevant scores the same.
        found = {name: {held: 1 / at for at, held in enumerate(ranked[name] or ("-",), start=1)} for name in judged}
        run = Run(found)
        evaluate(Qrels(judged), run, list(METRICS))
    return {metric: {name: float(value) for name, value in run.scores[metric].items()} for metric in METRICS}
