r"""Results as a LaTeX document: every claim under its name, with its verdict, its source and what it assumes.

The document is ASCII and needs amsmath and amssymb.  A claim that is not well formed is shown as it is typed.  Notes with
sections, numbers, tables and an index are written by `matcalc export`, of the same statements.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.documents.identities import notes_of_identities
from matcalc.documents.model import Statement
from matcalc.documents.tex import TEX
from matcalc.running import Result

__all__ = ["latex_report"]

_HEAD = r"""\documentclass{article}
\usepackage{amsmath,amssymb}
\allowdisplaybreaks
\begin{document}
"""
_TAIL = r"\end{document}"


def latex_report(results: Sequence[Result]) -> str:
    """The document of some results, a section for each file."""
    lines: list[str] = []
    for section in notes_of_identities([result.identity for result in results], results).sections:
        lines += [rf"\section*{{{TEX.text(section.title)}}}", r"\begin{description}"]
        lines += [line for statement in section.statements for line in item(statement)]
        lines += [r"\end{description}", ""]
    return "\n".join([_HEAD, *lines, _TAIL])


def item(statement: Statement) -> list[str]:
    """What is said of one identity."""
    verdict = statement.mark.words if statement.mark else ""
    said = [rf"\emph{{{TEX.text(verdict)}}}", *([TEX.text(statement.source)] if statement.source else [])]
    claim = TEX.written(statement.claim)
    return [
        rf"\item[{{{TEX.text(statement.name)}}}] {'; '.join(said)}",
        *([claim] if statement.readable else [r"\begin{center}", claim, r"\end{center}"]),
        *(f"{fact.heading} {TEX.written(fact.text)}{fact.end}" for fact in statement.facts),
    ]
