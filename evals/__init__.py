"""The exam of careerbot: known questions asked, answers graded without a model, every rate with its interval.

cases ─running→ rows ─graders→ grades ─metrics→ report ─page→ HTML

Run it with `python -m evals`; time answers with `python -m evals.bench`.
"""
