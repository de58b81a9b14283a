"""Why a claim is refuted: the usual causes are tried, and the first that makes the claim true is told.

    candidate    a claim that differs a little from the refuted one, and the words for the difference
    places       the places of a side where something may be changed
    points       a few points at which most candidates fail at once
    changes      the layout, transposes, signs, orders, factors of parts
    hypotheses   what may have been forgotten: a property, an equation, equal sizes
    factors      numbers and sizes that a side or a term lacks, read off its values
    search       all of them one after the other, within a limit of time

Nothing is told that was not decided: a candidate counts if it is proved, or seems to hold if it agrees at all points.
"""

from matcalc.causes.search import cause

__all__ = ["cause"]
