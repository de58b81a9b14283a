"""Computations: values of one operation each, local derivatives, adjoints and tangents, and their drawings."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from contextlib import suppress
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner
from computations import PROGRAMS, disagreements

import matcalc
from matcalc.__main__ import main
from matcalc.computations import Computation, computation
from matcalc.computations.layered import layers_of
from matcalc.computations.picture import picture_of
from matcalc.computations.svg import COLOURS, Drawing
from matcalc.errors import MatcalcError

LECTURE = "sqrt(x^2 + exp(x^2)) + cos(x^2 + exp(x^2))"
SCALAR = ["x: scalar"]


def lecture(mode: str = "reverse") -> Computation:
    return computation(LECTURE, "x", SCALAR, mode=mode)


def values(made: Computation) -> dict[str, str]:
    return {value.name: value.text for value in made.values.values()}


def layers(count: int) -> str:
    lines = [f"W_{k}: matrix(n, n); b_{k}: vector(n)" for k in range(1, count + 1)]
    lines += [f"z_{k} = W_{k}*h_{k - 1} + b_{k}; h_{k} = tanh(z_{k})" for k in range(1, count + 1)]
    return "\n".join(["h_0: vector(n); t: vector(n)", *lines, f"J = norm2(h_{count} - t)^2/2"])


# ---- The example of the lecture -------------------------------------------------------------------------------------


def test_lecture_values_are_a_to_f() -> None:
    assert values(lecture()) == {
        "a": "x^2", "b": "exp(a)", "c": "a + b", "d": "sqrt(c)", "e": "cos(c)", "f": "d + e",
    }  # fmt: skip


def test_lecture_local_derivatives() -> None:
    assert {pair: rule.text for pair, rule in lecture().local.items()} == {
        ("a", "x"): "2*x", ("b", "a"): "exp(a)", ("c", "a"): "1", ("c", "b"): "1",
        ("d", "c"): "1/(2*sqrt(c))", ("e", "c"): "-sin(c)", ("f", "d"): "1", ("f", "e"): "1",
    }  # fmt: skip


def test_lecture_adjoints_in_order_through_later_ones() -> None:
    text = lecture().text.partition("adjoints, in the order in which they are computed:\n")[2].partition("\n\n")[0]
    assert text.splitlines() == [
        "  df/de = 1",
        "  df/dd = 1",
        "  df/dc = df/dd*dd/dc + df/de*de/dc",
        "        = 1/(2*sqrt(c)) - sin(c)",
        "  df/db = df/dc*dc/db",
        "        = df/dc",
        "  df/da = df/db*db/da + df/dc*dc/da",
        "        = df/db*exp(a) + df/dc",
        "  df/dx = df/da*da/dx",
        "        = 2*x*df/da",
    ]


def test_lecture_tangents_in_order_through_earlier_ones() -> None:
    assert {word: rule.text for word, rule in lecture("forward").tangents["x"].items()} == {
        "a": "2*x",
        "b": "exp(a)*d(a)/d(x)",
        "c": "d(a)/d(x) + d(b)/d(x)",
        "d": "d(c)/d(x)/(2*sqrt(c))",
        "e": "-sin(c)*d(c)/d(x)",
        "f": "d(d)/d(x) + d(e)/d(x)",
    }


@pytest.mark.parametrize("word", "edcbax")
def test_adjoints_are_proved_as_claims_of_the_language(word: str) -> None:
    made = lecture()
    lines = [f"{value.name} = {value.text}" for value in made.values.values()]
    claim = f"d(f)/d({word}) = {made.adjoints[word].text}"
    assert matcalc.verify(claim, declare=SCALAR, where=lines).verdict == "proved"


# ---- Every value and derivative, numerically ------------------------------------------------------------------------

EXPRESSIONS = {
    "lecture": (LECTURE, SCALAR),
    "a chain with two inner products": ("x'*A*y*z'*C*w", []),
    "a trace of a chain": ("2*alpha*tr(A*B*D)", []),
    "outer and rows": ("u = sum(A, 0)\nB = x*u\nsum(u'.*(B'*x)) + sum(B, 0)*y", []),
    "a row by a scalar": ("v = mean((A - alpha).^2, 0)\nsum(A./sqrt(v + alpha^2))", []),
    "entries": ("[i,j: exp(x)[i]*y[j] if i==j else x[i]]", ["x: vector(n)", "y: vector(n)"]),
    "bound sums": ("sum[i,j: A[i,j]*x[i]*x[j]]", []),
    "vec and kron": ("vec(A*B)'*kron(x, y)", ["A: matrix(m, k)", "B: matrix(k, n)", "x: vector(n)", "y: vector(m)"]),
    "unknown function": ("sum(f(A*x).*f(A*x))", ["f: function"]),
    "unknown loss": ("Y = X*W\nL", ["X: matrix(m, n)", "W: matrix(n, p)", "L(Y): scalar"]),
    "several arguments": ("u = A*x\nv = B*x\nL^2", ["L(u, v): scalar"]),
    "a derivative within": ("J = norm2(A*x)^2\ng = grad(J, x)\ng'*g", []),
    "matrix functions": ("logdet(S) + x'*inv(S)*x", ["S: matrix(n, n) positive-definite", "x: vector(n)"]),
    "vector output": ("softmax(W*tanh(U*x))", []),
    "a value and parts of it": ("b = x.^2\nsum(exp(b) + b.*exp(b))", []),
    "an output that uses a value twice": ("a = exp(alpha)\na*alpha*exp(a)", []),
}


@pytest.mark.parametrize("layout", ["numerator", "denominator"])
@pytest.mark.parametrize("name", EXPRESSIONS)
@pytest.mark.parametrize("mode", ["reverse"])
def test_all_derivatives_are_those_of_differences(name: str, layout: str, mode: str) -> None:
    source, declare = EXPRESSIONS[name]
    made = computation(source, None, declare, layout, mode=mode)
    assert list(disagreements(made, source, declare)) == []


@pytest.mark.parametrize("name", ["one-hidden-layer", "logistic", "shared-weight"])
def test_programs_are_those_of_differences(name: str) -> None:
    source = (PROGRAMS / f"{name}.mc").read_text(encoding="utf-8")
    assert list(disagreements(computation(source), source, [])) == []


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_the_computation_is_a_program_of_the_language(name: str) -> None:
    source, declare = EXPRESSIONS[name]
    made = computation(source, None, declare)
    again = computation(made.source)
    assert values(again) == values(made)
    assert {p: rule.text for p, rule in again.local.items()} == {p: rule.text for p, rule in made.local.items()}


# ---- Names ----------------------------------------------------------------------------------------------------------


def test_parts_get_unused_letters_capitals_for_matrices() -> None:
    made = computation("a = A*x\nnorm2(tanh(a) + exp(C*d))^2 + sum(exp(X*Y))", None, ["d: vector", "X: matrix"])
    assert list(made.values) == ["a", "b", "e", "g", "h", "I", "J", "k", "l", "f"]


def test_equal_parts_are_one_value() -> None:
    assert values(computation("p = exp(x)\nq = exp(x)\nsum(p.*exp(x) + q)")) == {
        "p": "exp(x)", "q": "p", "a": "p.*p", "b": "a + q", "f": "sum(b)",
    }  # fmt: skip


def test_more_parts_than_letters() -> None:
    made = computation("+".join(f"exp({k}*alpha)" for k in range(2, 40)))
    assert len(set(made.values)) == len(made.values) == 2 * 38 + 1
    assert "a1" in made.values


def test_names_of_the_program_are_kept() -> None:
    made = computation("f = exp(x)\ng = sum(f)\ng^2", "x")
    assert values(made) == {"f": "exp(x)", "g": "sum(f)", "y": "g^2"}


def test_an_unknown_function_of_values_is_a_value() -> None:
    made = computation("Y = X*W\nL^2", "W", ["L(Y): scalar"])
    assert values(made) == {"Y": "X*W", "L": "L(Y)", "f": "L^2"}
    assert made.adjoints["Y"].text == "d(f)/d(L)*d(L)/d(Y)"


def test_values_with_compound_axes() -> None:
    made = computation("vec(A)'*vec(B)", "A", ["A: matrix(m, n)", "B: matrix(m, n)"])
    assert made.adjoints["c"].text == "d'"
    assert made.adjoints["A"].text == "[i,j: (d(f)/d(c))[(j,i)]]"


def test_an_assigned_name_to_differentiate_by_is_held() -> None:
    made = computation("z = W*x\nh = relu(z)\nJ = sum(h) + sum(z)", "h")
    assert values(made) == {"z": "W*x", "a": "sum(h)", "b": "sum(z)", "J": "a + b"}
    assert list(made.local) == [("a", "h"), ("J", "a")]


@pytest.mark.parametrize(
    ("source", "wrt", "message"),
    [
        ("x'*y", "z", "the output does not depend on a name `z`"),
        ("x'*y", "vec(x)", "the output does not depend on a name `vec(x)`"),
        ("x'*y", [], "there is no name to differentiate by"),
        ("2 + 3", None, "the output depends on no variable"),
        ("sum[i: d(x'*x)/d(x[i])*x[i]]", "x", "a derivative by an entry is not taken apart"),
        ("x'*", "x", ""),
        ("L(u, v): scalar\nu = A*x\nv = u'*u\nL", "x", "and on a value that itself depends"),
    ],
)
def test_errors(source: str, wrt, message: str) -> None:
    with pytest.raises(MatcalcError) as caught:
        computation(source, wrt)
    assert message in caught.value.message


def test_an_unknown_mode_is_an_error() -> None:
    with pytest.raises(MatcalcError, match="not a way to differentiate"):
        computation("x'*x", "x", mode="sideways")


# ---- The text -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(PROGRAMS.glob("*.mc")), ids=lambda path: path.stem)
def test_text_is_79_columns_wide_and_the_pictures_are_well_formed(path: Path) -> None:
    made = computation(path.read_text(encoding="utf-8"))
    assert max(map(len, made.text.splitlines())) <= 79
    ElementTree.fromstring(made.svg())
    assert_dot(made.dot())
    assert_mermaid(made.mermaid())


def test_sums_over_entries_are_marked_and_explained() -> None:
    text = computation("norm2(X*W - Y)^2", "W").text
    assert "df/dW = df/dA:dA/dW\n        = X'*df/dA" in text
    assert "note: `:` sums over all entries" in text


def test_the_chain_of_a_value_that_the_output_uses_directly() -> None:
    text = computation("b = exp(a)\nf = a*b", "a", "a: scalar").text
    assert "  df/db = a\n  df/da = df/db*db/da + b\n        = b + df/db*exp(a)\n" in text


def test_denominator_layout_multiplies_from_the_left() -> None:
    text = computation("norm2(A*x - b)^2", "x", layout="denominator").text
    assert "df/dx = dc/dx*df/dc\n        = A'*df/dc" in text


def test_64_layers_are_fast_and_linear() -> None:
    def seconds(count: int) -> float:
        start = time.process_time()
        computation(layers(count)).text  # noqa: B018
        return time.process_time() - start

    seconds(2)
    small, large = seconds(16), seconds(64)
    assert large < 2
    assert large < 10 * small
    assert len(computation(layers(64)).values) == 3 * 64 + 3


# ---- Drawings -------------------------------------------------------------------------------------------------------

STRING = r'"(?:[^"\\]|\\.)*"'
HTML = r"<(?:[^<>]|<[^<>]*>)*>"
VALUE = rf"(?:{STRING}|{HTML}|[\w.#]+)"
ATTRIBUTES = rf"\[\w+={VALUE}(?:, \w+={VALUE})*\]"
DOT_LINE = re.compile(rf"  (?:label={STRING}|(?:node|edge|{STRING}(?: -> {STRING})?) {ATTRIBUTES});")
MERMAID_LINE = re.compile(
    r'  (?:n\d+\["(?:[^"\[\]{}|`<>]|<br/>|</?i>)*"\]:::\w+|n\d+ -->(?:\|"[^"\[\]{}|`<>]*"\|)? n\d+|classDef \w+ [\w#:,-]+)'
)


def assert_dot(text: str) -> None:
    first, *lines, last = text.rstrip("\n").split("\n")
    assert (first, last) == ("digraph computation {", "}")
    assert [line for line in lines if not DOT_LINE.fullmatch(line)] == []


def assert_mermaid(text: str) -> None:
    first, *lines = text.rstrip("\n").split("\n")
    assert first == "flowchart TD"
    assert [line for line in lines if not MERMAID_LINE.fullmatch(line)] == []


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz")
@pytest.mark.parametrize("source", ["alpha*exp(alpha)", "[i,j: x[i] if i==j and i!=j else 0]", "A'*A"])
def test_graphviz_reads_the_dot(source: str) -> None:
    text = computation(source).dot()
    done = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "<svg" in done.stdout


def test_conditions_are_escaped_everywhere() -> None:
    made = computation("[i,j: x[i] if i==j and i!=j else 0]*alpha")
    svg = ElementTree.fromstring(made.svg())
    titles = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}title")]
    assert any(title and "i!=j" in title for title in titles)
    assert_dot(made.dot())
    assert_mermaid(made.mermaid())


def test_svg_is_self_contained() -> None:
    svg = ElementTree.fromstring(lecture().svg())
    names = {element.tag.rpartition("}")[2] for element in svg.iter()}
    assert names <= {"svg", "title", "style", "defs", "marker", "path", "rect", "g", "text", "tspan"}
    assert not [a for e in svg.iter() for a in e.attrib if a.startswith("on") or "href" in a]


def test_svg_shows_values_shapes_local_derivatives_and_signals() -> None:
    svg = lecture().svg()
    for text in ("c = a + b", "scalar", "1/(2*sqrt(c))", "df/dc = 1/(2*sqrt(c)) - sin(c)"):
        assert f">{text}<" in svg


def test_long_texts_are_cut_and_stand_whole_in_a_title() -> None:
    made = computation("crossentropy(longname_of_a_target, softmax(longname_of_a_matrix*longname_of_a_vector))",
                       None, ["longname_of_a_matrix: matrix", "longname_of_a_target: vector simplex"])  # fmt: skip
    svg = ElementTree.fromstring(made.svg())
    texts = [e.text or "" for e in svg.iter("{http://www.w3.org/2000/svg}text")]
    titles = [e.text or "" for e in svg.iter("{http://www.w3.org/2000/svg}title")]
    assert any(text.endswith("...") for text in texts)
    assert any("a = longname_of_a_matrix*longname_of_a_vector" in title for title in titles)


@pytest.mark.parametrize("name", ["attention", "layer-norm", "gru"])
def test_boxes_and_labels_do_not_overlap(name: str) -> None:
    drawing = Drawing(picture_of(computation((PROGRAMS / f"{name}.mc").read_text(encoding="utf-8"))))
    made = drawing.layers
    for row in made.rows:
        for left, right in combinations(row, 2):
            gap = made.middles[right] - made.middles[left] - (made.widths[left] + made.widths[right]) / 2
            assert gap > 20
    bottoms = [top + height for top, height in zip(drawing.tops, drawing.heights, strict=True)]
    assert all(bottom < top for bottom, top in zip(bottoms, drawing.tops[1:], strict=False))


def test_arrows_go_down_and_inputs_stand_close_to_their_users() -> None:
    made = layers_of({"x": 10, "w": 10, "a": 10, "b": 10, "c": 10}, {
        ("x", "a"): 5, ("a", "b"): 5, ("b", "c"): 5, ("a", "c"): 5, ("w", "c"): 5,
    })  # fmt: skip
    ranks = {name: made.ranks[point] for name, point in made.boxes.items()}
    assert ranks == {"x": 0, "a": 2, "b": 4, "w": 4, "c": 6}


def test_arrows_that_need_not_cross_do_not() -> None:
    edges = {(f"x{k}", f"y{(7 * k) % 10}"): 5.0 for k in range(10)}
    boxes = dict.fromkeys([f"x{k}" for k in range(10)] + [f"y{k}" for k in range(10)], 10.0)
    made = layers_of(boxes, edges)
    order = [made.rows[0].index(made.boxes[start]) for start, _ in sorted(edges, key=lambda e: made.middles[made.boxes[e[1]]])]
    assert order == sorted(order)


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", COLOURS)
@pytest.mark.parametrize("ground", ["input", "value", "output", "ground"])
@pytest.mark.parametrize("text", ["text", "faint", "signal", "local"])
def test_text_is_readable_in_light_and_dark(scheme: str, ground: str, text: str) -> None:
    first, second = sorted(luminance(COLOURS[scheme][name]) for name in (ground, text))
    assert (second + 0.05) / (first + 0.05) >= 4.5


def test_a_computation_that_is_too_large_is_refused_by_the_svg_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("matcalc.computations.layered.LARGEST", 100)
    made = computation("\n".join(["A: matrix(n, n); h_0: vector(n)", *(f"h_{k} = A*h_{k - 1}" for k in range(1, 20))]))
    with pytest.raises(MatcalcError, match="too large to be drawn"):
        made.svg()
    assert_dot(made.dot())


# ---- The command ----------------------------------------------------------------------------------------------------


def run(*args: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, args)
    assert result.exit_code == status, result.output
    return result.output


def test_graph_prints_the_text() -> None:
    assert run("graph", LECTURE, "--wrt", "x", "--declare", "x: scalar").rstrip("\n") == lecture().text


def test_graph_writes_files(tmp_path: Path) -> None:
    for emit, start in (("svg", "<svg "), ("dot", "digraph "), ("mermaid", "flowchart TD")):
        path = tmp_path / emit
        assert run("graph", "x'*A*x", "--emit", emit, "--output", str(path)) == ""
        assert path.read_text(encoding="utf-8").startswith(start)


def test_graph_in_forward_mode() -> None:
    assert "tangents by x, in the order" in run("graph", "x'*A*x", "--wrt", "x", "--mode", "forward")


def test_graph_reports_errors_with_the_place() -> None:
    assert "  x*y\n" in run("graph", "x*y", status=2)


def test_graph_of_a_loop_with_given_numbers() -> None:
    source = "W: matrix(n, n); h_0: vector(n)\nfor k in 1..K: h[k] = tanh(W*h[k-1])\nJ = sum(h[K])"
    text = run("graph", source, "--wrt", "W", "--given", "K=3")
    assert "dJ/dW = dJ/da:da/dW + dJ/db:db/dW + dJ/dc:dc/dW" in text


# ---- Bad input ------------------------------------------------------------------------------------------------------


def mutated(source: str, generator: random.Random) -> str:
    characters = list(source)
    for _ in range(generator.randrange(1, 4)):
        place = generator.randrange(len(characters))
        characters[place : place + generator.randrange(2)] = generator.choice("xAb'*+-.^/()[],:;=12 \n∂kde")
    return "".join(characters)


@pytest.mark.parametrize("seed", range(60))
def test_mutations_are_computed_or_refused(seed: int) -> None:
    generator = random.Random(seed)
    source, declare = generator.choice(list(EXPRESSIONS.values()))
    mode = generator.choice(["reverse", "forward"])
    with suppress(MatcalcError):
        made = computation(mutated(source, generator), None, declare, mode=mode)
        assert max(map(len, made.text.splitlines())) <= 79
        ElementTree.fromstring(made.svg())
        assert_dot(made.dot())
        assert_mermaid(made.mermaid())
