"""Words beside equations, by what follows them."""

from __future__ import annotations

import re

__all__ = ["CONDITION", "DENIAL", "JOINING", "MEANING"]

#: Words that join two equations.
JOINING = frozenset({"and", "or", "but", "so", "thus", "hence", "therefore", "then", "while"})
#: Words with which a remark begins that states a condition of the equation, or its reason.
CONDITION = frozenset({
    "where", "with", "for", "if", "since", "because", "as", "when", "whenever", "using", "by", "from", "provided", "assuming",
    "given", "see", "cf", "recall", "in", "on", "at", "over", "unless", "wherever", "due", "let",
})  # fmt: skip
#: Those of them that say what letters mean, so that several equations may follow, and words that deny an equation.
MEANING = frozenset({"where", "with", "given", "let", "assuming", "provided"})
DENIAL = re.compile(r"\b(?:not|never|approximately|almost|nearly|roughly|about|proportional)\b", re.IGNORECASE)
