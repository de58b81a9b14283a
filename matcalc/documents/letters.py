"""Letters of mathematical alphabets, which are characters of their own."""

from __future__ import annotations

__all__ = ["bold", "bold_italic", "DOUBLE_STRUCK"]

#: The Greek letters in the order of the alphabets; a final sigma stands among them.
SMALL, LARGE = "αβγδεζηθικλμνξοπρςστυφχψω", "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ\0ΣΤΥΦΧΨΩ"
#: Variants after omega.
VARIANTS = "∂ϵϑϰϕϱϖ"
DOUBLE_STRUCK = {"R": "ℝ", "N": "ℕ", "Z": "ℤ", "C": "ℂ", "Q": "ℚ", "E": "𝔼", "P": "ℙ", "1": "𝟙"}


def alphabet(latin: int, greek: int, large: int, digits: int) -> dict[int, str]:
    """The letters of an alphabet by those of the plain one; `large` is the first of its Greek capitals."""
    found = {ord("A") + k: chr(latin + k) for k in range(26)} | {ord("a") + k: chr(latin + 26 + k) for k in range(26)}
    found |= {ord("0") + k: chr(digits + k) for k in range(10)}
    found |= {ord(letter): chr(large + k) for k, letter in enumerate(LARGE) if letter != "\0"}
    return found | {ord(letter): chr(greek + 26 + k) for k, letter in enumerate(SMALL + VARIANTS)}


#: Bold digits are upright in both; so are the Greek capitals, as in TeX.
BOLD = alphabet(0x1D400, 0x1D6A8, 0x1D6A8, 0x1D7CE) | {ord("∇"): "\U0001d6c1"}
BOLD_ITALIC = alphabet(0x1D468, 0x1D71C, 0x1D6A8, 0x1D7CE) | {ord("∇"): "\U0001d6c1"}


def bold(text: str) -> str:
    """Bold upright letters."""
    return text.translate(BOLD)


def bold_italic(text: str) -> str:
    """Bold italic letters; Greek capitals are upright."""
    return text.translate(BOLD_ITALIC)
