"""Reports of results: text for people, JSON and JUnit XML for programs.

    text    one line an identity, those that are not as expected with claim, reason and counterexample, then the counts
    json    a list of objects: section 7 of the language
    junit   a test suite for each file, a failure for each identity that is not as expected

LaTeX for paper is made by `matcalc.latex_report`.
"""

from __future__ import annotations

import json
import math
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from matcalc.identity import Identity
from matcalc.running import Result
from matcalc.verdict import VERDICTS

__all__ = ["FEW", "Style", "described", "paragraphs", "json_report", "junit_report", "plain", "text_report"]

#: The columns of a text report.
WIDTH = 79
#: So many identities are listed one by one.
FEW = 20
#: Columns that the verdict takes, and those before the details below it.
VERDICT_WIDTH, INDENT = max(map(len, VERDICTS)) + 2, 4

#: Puts a text into a colour.
Style = Callable[[str, str], str]


def plain(text: str, _colour: str) -> str:
    """No colour."""
    return text


# ---- Text -----------------------------------------------------------------------------------------------------------


def text_report(
    results: Sequence[Result], *, verbose: bool = False, explain: bool = False, style: Style = plain
) -> str:
    """What a person wants to know: all identities if they are few or `verbose`, else those not as expected; counts."""
    in_full = verbose or explain or len(results) == 1
    listed = [r for r in results if r.verdict is not None and (in_full or len(results) <= FEW or not r.ok)]
    lines = []
    for result in listed:
        lines += block(result, in_full=in_full, style=style)
        lines += further(result, explain=explain, verbose=verbose)
    if len(results) == len(listed) == 1:
        return "\n".join(lines)
    return "\n".join([*lines, *[""] * bool(lines), *summary(results, style)])


def block(result: Result, *, in_full: bool, style: Style) -> list[str]:
    """The line of an identity, with details if it is not as expected or if they are asked for."""
    verdict = result.verdict
    assert verdict is not None
    name = filled(called(result.identity), VERDICT_WIDTH)[VERDICT_WIDTH:]
    lines = [style(f"{verdict.verdict:{VERDICT_WIDTH}}", "green" if result.ok else "red") + name]
    if not result.ok and (result.identity.path or result.identity.expect):
        lines += indented(f"expected: {result.expected}")
    if in_full or not result.ok:
        lines += described(result)
    elif verdict.verdict != "proved":
        lines += paragraphs(verdict.message)
    return lines


def called(identity: Identity) -> str:
    """The name of an identity, behind its place if it stands in notes."""
    return f"{identity.place}: {identity.name}" if identity.excerpts else identity.name


def further(result: Result, *, explain: bool, verbose: bool) -> list[str]:
    """What is asked for: the rules of a proof, the whole counterexample, the time."""
    verdict = result.verdict
    assert verdict is not None
    lines = [line for rule in verdict.rules for line in indented(f"rule: {rule}")] if explain else []
    if verbose:
        lines += counterexample_lines(verdict.counterexample) + indented(f"time: {result.seconds:.3f} s")
    return lines


def described(result: Result) -> list[str]:
    """Where an identity stands, what it claims, and why its verdict is what it is, in indented lines.

    The message of a refutation tells where the sides differ.
    """
    identity, verdict = result.identity, result.verdict
    assert verdict is not None
    lines = [" " * INDENT + place for place in [where(result)] if place]  # a path is copied as a whole
    if identity.name != identity.claim:
        lines += indented(f"claim: {identity.claim}")
    noted = indented(f"note: {identity.note}") if identity.note and not result.ok else []
    return [*lines, *noted, *indented(f"method: {verdict.method}"), *paragraphs(verdict.message)]


def where(result: Result) -> str:
    """The place of an identity; of a chain in notes, that of the step that is wrong, or not proved."""
    identity = result.identity
    if result.wrong_line is not None:
        return f"{identity.path}:{result.wrong_line}: this step is wrong"
    if result.line_of_step is not None:
        return f"{identity.path}:{result.line_of_step}: this step is not proved"
    return identity.place if not identity.excerpts else ""


def counterexample_lines(counterexample: dict[str, Any] | None) -> list[str]:
    """The sizes, values and sides at which a claim fails."""
    lines: list[str] = []
    for key, value in (counterexample or {}).items():
        if isinstance(value, dict):
            parts = [f"{name} = {shown(inner)}" for name, inner in value.items()]
            lines += [line for part in ([", ".join(parts)] if key == "sizes" else parts) for line in indented(part)]
        else:
            lines += indented(f"{key} = {shown(value)}")
    return lines


def shown(value: Any) -> str:
    """A value of JSON with few digits."""
    if isinstance(value, float):
        return f"{value + 0.0:.6g}"  # + 0.0 makes 0 of -0
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    return str(value)


def paragraphs(message: str) -> list[str]:
    """A message in the lines of a detail; a line of more than 70 columns goes on in the next one."""
    joined = re.sub(r"(?m)^(.{71,})\n(?!step \d|the sides differ)", r"\1 ", message)
    unbroken = re.sub(r"(\w) = (\S)", "\\1\0=\0\\2", joined)  # no line ends within `n = 2`
    return [line.replace("\0", " ") for text in unbroken.splitlines() for line in indented(text)]


def indented(text: str) -> list[str]:
    """A text in the lines of a detail."""
    return filled(text, INDENT).split("\n")


def filled(text: str, indent: int) -> str:
    """A text in lines of at most 79 columns, all indented, the second and further ones a bit more."""
    lines: list[str] = []
    for line in text.splitlines() or [""]:
        first, other = " " * indent, " " * (indent + 2)
        lines += textwrap.wrap(line, WIDTH, initial_indent=first, subsequent_indent=other, break_on_hyphens=False) or [first]
    return "\n".join(lines)


def summary(results: Sequence[Result], style: Style) -> list[str]:
    """The counts by verdict, and whether all is well."""
    counts = Counter(result.verdict.verdict for result in results if result.verdict is not None)
    parts = []
    for verdict in VERDICTS:
        fine = sum(1 for r in results if r.ok and r.verdict is not None and r.verdict.verdict == verdict)
        as_expected = " as expected" if verdict not in ("proved", "proved-at-sizes") and fine == counts[verdict] else ""
        parts += [f"{counts[verdict]} {verdict}{as_expected}"] * bool(counts[verdict])
    errors = sum(1 for result in results if result.verdict is None)
    wrong = sum(1 for result in results if result.verdict is not None and not result.ok)
    parts += [f"{errors} not well formed"] * bool(errors)
    heading = "1 identity" if len(results) == 1 else f"{len(results)} identities"
    lines = textwrap.wrap(f"{heading}: {', '.join(parts)}", WIDTH)
    if wrong:
        lines.append(style(f"{wrong} {'is' if wrong == 1 else 'are'} not as expected", "red"))
    elif not errors:
        lines.append(style("all as expected", "green"))
    return lines


# ---- JSON -----------------------------------------------------------------------------------------------------------


def json_report(results: Sequence[Result], *, explain: bool = False) -> str:
    """A list of objects, one an identity; a claim that is not well formed has no verdict, and its error as message."""
    return json.dumps([json_object(result, explain=explain) for result in results], indent=2)


def json_object(result: Result, *, explain: bool) -> dict[str, Any]:
    """The object of one result: the keys of section 7 of the language, for notes the place, the rules if asked for."""
    verdict = result.verdict
    found: dict[str, Any] = {
        "name": result.identity.name,
        "claim": result.identity.claim,
        "verdict": verdict.verdict if verdict is not None else None,
        "expected": result.expected,
        "ok": result.ok,
        "method": verdict.method if verdict is not None else None,
        "seconds": round(result.seconds, 6),
        "counterexample": finite(verdict.counterexample) if verdict is not None else None,
        "message": verdict.message if verdict is not None else result.error,
    }
    if result.identity.excerpts:
        found |= {"file": result.identity.path, "line": result.identity.line, "wrong_line": result.wrong_line}
    if explain:
        found["rules"] = list(verdict.rules) if verdict is not None else []
    return found


def finite(value: Any) -> Any:
    """A value with texts in place of the numbers that JSON does not have: `nan`, `inf`."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


# ---- JUnit ----------------------------------------------------------------------------------------------------------

#: Characters that XML cannot hold.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_report(results: Sequence[Result]) -> str:
    """JUnit's XML, in ASCII: a test suite for each file, in it a test case for each identity."""
    root = ElementTree.Element("testsuites", {"name": "matcalc", **totals(results)})
    for path, members in groupby(results, key=lambda result: result.identity.path or "claims"):
        suite = list(members)
        element = ElementTree.SubElement(root, "testsuite", {"name": xml_text(path), **totals(suite)})
        element.extend(test_case(result) for result in suite)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=True)
    return written.decode("ascii")


def totals(results: Sequence[Result]) -> dict[str, str]:
    """The counts of a test suite."""
    errors = sum(1 for result in results if result.verdict is None)
    failures = sum(1 for result in results if not result.ok) - errors
    seconds = sum(result.seconds for result in results)
    return {"tests": str(len(results)), "failures": str(failures), "errors": str(errors), "time": f"{seconds:.3f}"}


def test_case(result: Result) -> ElementTree.Element:
    """The test case of an identity."""
    identity, verdict = result.identity, result.verdict
    given = {"classname": xml_text(Path(identity.path or "claims").stem), "name": xml_text(identity.name)}
    given |= {"time": f"{result.seconds:.3f}"}
    given |= {"file": xml_text(identity.path), "line": str(identity.line)} if identity.path is not None else {}
    case = ElementTree.Element("testcase", given)
    if verdict is None:
        error = xml_text(result.error or "")
        ElementTree.SubElement(case, "error", {"message": error.split("\n")[0]}).text = error
    elif not result.ok:
        reason = {"message": f"{verdict.verdict}, expected {result.expected}", "type": verdict.verdict}
        said = xml_text(textwrap.dedent("\n".join(described(result))))
        ElementTree.SubElement(case, "failure", reason).text = said
    return case


def xml_text(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return NOT_XML.sub("", text)
