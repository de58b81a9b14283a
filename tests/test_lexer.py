"""Lexing: ASCII and Unicode spell the same tokens, and every token knows its place in the text as typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcalc.errors import ParseError
from matcalc.lexer import MAX_DIGITS, MAX_LENGTH, lex, spell


def texts(source: str) -> list[str]:
    return [token.text for token in lex(source)[:-1]]


def kinds(source: str) -> list[str]:
    return [token.kind for token in lex(source)[:-1]]


@pytest.mark.parametrize(
    ("unicode", "ascii"),
    [
        ("θ", "theta"),
        ("Σ*λ₁", "Sigma*lambda1"),
        ("ϕ + ϵ + ς", "phi + epsilon + sigma"),
        ("x₁₂", "x12"),
        ("xᵢⱼ", "x_i_j"),
        ("A⊙B∘C", "A.*B.*C"),
        ("A⊘B", "A./B"),
        ("a·b⋅c×d∗e", "a*b*c*d*e"),
        ("a÷b∕c", "a/b/c"),
        ("x − y – z", "x - y - z"),
        ("x′*y’", "x'*y'"),
        ("f″(x) + f‴(x)", "f''(x) + f'''(x)"),
        ("i≠j ∧ j==k ∨ ¬ i==k", "i!=j and j==k or not i==k"),
        ("∑(x)", "sum(x)"),
        ("𝐀*𝑥", "A*x"),
        ("（ｘ＋ｙ）", "(x+y)"),
        ("x\N{NO-BREAK SPACE}+\N{EM SPACE}y", "x + y"),
        ("𝜕f/𝜕x", "∂f/∂x"),
        ("A.T * B.'", "A' * B'"),
        ("a**b", "a^b"),
    ],
)
def test_unicode_and_ascii_are_the_same_tokens(unicode, ascii):
    assert texts(unicode) == texts(ascii)
    assert kinds(unicode) == kinds(ascii)


@pytest.mark.parametrize(
    ("source", "text"), [("A⁻¹", "-1"), ("x²", "2"), ("x¹²", "12"), ("Aᵀ", "T"), ("A⊤", "T"), ("A⁻ᵀ", "-T")]
)
def test_superscripts(source, text):
    assert lex(source)[1][:2] == ("superscript", text)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("2.*x", ["2", ".*", "x"]),
        ("2./x", ["2", "./", "x"]),
        ("2.^x", ["2", ".^", "x"]),
        ("2.5.^x", ["2.5", ".^", "x"]),
        ("2. + .5", ["2.", "+", ".5"]),
        ("1e-3*x", ["1e-3", "*", "x"]),
        ("1.e3", ["1.e3"]),
        ("2exp(x)", ["2", "exp", "(", "x", ")"]),
        ("2e", ["2", "e"]),
        ("A.T", ["A", "'"]),
        ("1..K", ["1", "..", "K"]),
        ("10..2", ["10", "..", "2"]),
        ("K…1", ["K", "..", "1"]),
        ("1...5", ["1", "..", ".5"]),
    ],
)
def test_numbers_and_dots(source, expected):
    assert texts(source) == expected


@pytest.mark.parametrize("source", ["x.T1", "A.B", "x."])
def test_a_lone_dot_has_no_meaning(source):
    with pytest.raises(ParseError) as caught:
        lex(source)
    assert caught.value.span.text == "."


def test_places_are_places_in_the_text_as_typed():
    source = "θ⊙𝐀⁻¹"
    assert [source[t.start : t.end] for t in lex(source)] == ["θ", "⊙", "𝐀", "⁻¹", ""]


def test_line_breaks_count_outside_of_brackets_only():
    source = "a # comment (\n(b +\nc)\n"
    found = [token.kind for token in lex(source, lines=True)]
    assert found == ["name", "newline", "(", "name", "+", "name", ")", "newline", "end"]
    assert "newline" not in kinds(source)


def test_a_byte_order_mark_is_skipped():
    assert texts("\ufeffx") == ["x"]


@pytest.mark.parametrize(
    "source", ["x\0", "x$", "a\u200bb", "é", "x̂", "{x}", "A\\b", "|x|", "½", "xⁿ", "①", "a\ud800"]
)
def test_a_character_without_meaning_is_named_at_its_place(source):
    with pytest.raises(ParseError) as caught:
        lex(source)
    assert "U+" in caught.value.message
    assert not source[caught.value.position].isspace()
    assert "^" in caught.value.render()


@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("x̄", "xbar"),
        ("A\\b", "inv(A)*b"),
        ("∇f", "grad(E, X)"),
        ("A^{-1}", "LaTeX"),
        ("i<j", "=="),
        ("é", "Greek"),
        ("xⁿ", "x^n"),
    ],
)
def test_hints_say_what_to_write(source, hint):
    with pytest.raises(ParseError) as caught:
        lex(source)
    assert hint in caught.value.hint


@pytest.mark.parametrize("literal", ["1e99999", "1e-99999", "1e" + "9" * 50, "9" * (MAX_DIGITS + 1), "x" + "²" * 9999])
def test_numbers_are_bounded(literal):
    with pytest.raises(ParseError, match="digits"):
        lex(literal)


def test_numbers_within_the_bound_are_read():
    assert texts("1e400") == ["1e400"]
    assert len(texts("9" * MAX_DIGITS)[0]) == MAX_DIGITS


def test_a_text_that_is_too_long_is_refused():
    with pytest.raises(ParseError, match="1,000,001 characters"):
        lex("x" * (MAX_LENGTH + 1))


def outcome(source: str) -> tuple[list[tuple[int, int]], int]:
    """The places of the tokens of a text; or none, and the place of the mistake."""
    try:
        return [token[2:] for token in lex(source)], 0
    except ParseError as error:
        return [], error.position


@given(st.text(max_size=60))
def test_any_text_gives_tokens_in_order_or_a_parse_error_at_its_place(source):
    places, mistake = outcome(source)
    assert places == sorted(places)
    assert 0 <= mistake <= max(0, len(source) - 1)
    assert places or source


@pytest.mark.parametrize(
    ("letter", "word"), [("α", "alpha"), ("Ω", "Omega"), ("λ", "lambda"), ("x₁", "x1"), ("A", "A")]
)
def test_spell(letter, word):
    assert spell(letter) == word
