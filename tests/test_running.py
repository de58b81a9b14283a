"""Running identities: in order, here and in several processes, and never longer than allowed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from matcalc import running
from matcalc.errors import MatcalcError, Span
from matcalc.identity import Identity
from matcalc.running import Result, judge, run
from matcalc.verdict import VERDICTS, Verdict


def fake(claim: str, *_: object, structured: bool = False, syntax: str = "matcalc", timeout: float | None = None) -> Verdict:
    """Does what the claim says: its first word is a verdict or something that happens."""
    word = claim.split()[0]
    if word in VERDICTS:
        return Verdict(word, "said so", rules=(f"rule of {claim}",))
    HAPPENINGS[word](claim)
    raise AssertionError


def fail(claim: str) -> None:
    raise MatcalcError("`y` is wrong", Span(claim, 5, 1), hint="leave it out")


def exhaust(claim: str) -> None:
    raise MemoryError


def sink(claim: str) -> None:
    raise RecursionError


def miss(claim: str) -> None:
    raise KeyError("axis")


def spin(claim: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        pass


def swallow(claim: str) -> None:
    try:
        spin(claim)
    except Exception:
        spin(claim)


def stick(claim: str) -> None:
    """One long step in which no alarm is heard."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    time.sleep(60)


def leave(claim: str) -> None:
    os._exit(3)


HAPPENINGS = {f.__name__: f for f in (fail, exhaust, sink, miss, spin, swallow, stick, leave)}


def identities(*claims: str) -> list[Identity]:
    """Identities that claim this."""
    return [Identity(f"name-{k}", claim, path="some.toml", line=k + 1) for k, claim in enumerate(claims)]


def verdicts(results: list[Result]) -> list[str | None]:
    """What was found of each."""
    return [result.verdict.verdict if result.verdict is not None else None for result in results]


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that make no test slow."""
    monkeypatch.setattr(running, "ALARM", 0.1)
    monkeypatch.setattr(running, "END", 0.4)


# ---- One identity ---------------------------------------------------------------------------------------------------


def test_everything_is_passed_on() -> None:
    calls = []

    def record(*arguments: object, **options: object) -> Verdict:
        calls.append((arguments, options))
        return Verdict("proved", "")

    identity = Identity("a", "x = y", ("x: vector",), "denominator", ("x = 1",), ("y = x",), structured=True)
    result = judge(identity, timeout=3, verify=record)
    options = {"structured": True, "syntax": None, "timeout": 3}
    assert calls == [(("x = y", ("x: vector",), "denominator", ("y = x",), ("x = 1",)), options)]
    assert (result.identity, result.ok, result.expected, result.error) == (identity, True, "proved", None)


@pytest.mark.parametrize(("expect", "ok"), [(None, False), ("refuted", True), ("proved", False)])
def test_a_result_is_ok_if_it_is_as_expected(expect: str | None, ok: bool) -> None:
    assert judge(Identity("a", "refuted", expect=expect), verify=fake).ok is ok


def test_a_mistake_in_the_input_is_an_error_with_file_and_name() -> None:
    result = judge(identities("fail y")[0], verify=fake)
    assert (result.verdict, result.ok) == (None, False)
    assert result.error == (
        "error: `y` is wrong\nsome.toml:1: in the identity name-0\n  fail y\n       ^\nhint: leave it out"
    )


def test_a_mistake_in_a_claim_of_no_file_has_no_place() -> None:
    assert judge(Identity("a", "fail y"), verify=fake).error == "error: `y` is wrong\n  fail y\n       ^\nhint: leave it out"


def test_a_defect_is_an_error_that_says_so() -> None:
    error = judge(identities("miss")[0], verify=fake).error
    assert error is not None
    assert error.split("\n")[:2] == ["error: matcalc failed with KeyError: 'axis'", "some.toml:1: in the identity name-0"]


@pytest.mark.parametrize(("claim", "method"), [("exhaust", "memory"), ("sink", "depth")])
def test_exhausted_resources_decide_nothing(claim: str, method: str) -> None:
    verdict = judge(Identity("a", claim), verify=fake).verdict
    assert verdict is not None
    assert (verdict.verdict, verdict.method) == ("undecided", method)


@pytest.mark.usefixtures("short_limits")
@pytest.mark.parametrize("claim", ["spin", "swallow"])
def test_an_alarm_ends_what_takes_too_long(claim: str) -> None:
    began = time.monotonic()
    result = judge(Identity("a", claim), timeout=0.2, verify=fake)
    assert time.monotonic() - began < 5
    assert result.verdict is not None
    assert (result.verdict.verdict, result.verdict.method) == ("undecided", "time limit")
    assert result.seconds >= 0.3


def test_there_need_not_be_a_limit() -> None:
    assert verdicts([judge(Identity("a", "proved"), timeout=None, verify=fake)]) == ["proved"]


def test_other_threads_have_no_alarm_and_need_none() -> None:
    found: list[Result] = []
    thread = threading.Thread(target=lambda: found.append(judge(Identity("a", "proved"), timeout=1, verify=fake)))
    thread.start()
    thread.join()
    assert verdicts(found) == ["proved"]


@pytest.fixture
def rung() -> Iterator[list[int]]:
    """The alarms of somebody else."""
    alarms: list[int] = []
    handler = signal.signal(signal.SIGALRM, lambda *_: alarms.append(1))
    yield alarms
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, handler)


def test_the_timer_of_somebody_else_goes_on(rung: list[int]) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    judge(Identity("a", "proved"), timeout=10, verify=fake)
    assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 0.2
    time.sleep(0.4)
    assert rung == [1]


# ---- Many identities ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_results_are_in_order(processes: int) -> None:
    given = identities("proved 1", "refuted 2", "fail 3", "numeric 4", "proved 5", "undecided 6", "proved-at-sizes 7")
    results = run(given, processes=processes, verify=fake)
    assert [result.identity for result in results] == given
    assert verdicts(results) == ["proved", "refuted", None, "numeric", "proved", "undecided", "proved-at-sizes"]
    assert results[4].verdict is not None
    assert results[4].verdict.rules == ("rule of proved 5",)


@pytest.mark.parametrize("processes", [1, 3])
@pytest.mark.parametrize("claim", ["refuted", "fail", "numeric"])
def test_fail_fast_ends_with_the_first_that_is_not_as_expected(processes: int, claim: str) -> None:
    given = identities("proved", "proved", claim, "proved", "refuted", *["proved"] * 20)
    results = run(given, processes=processes, fail_fast=True, verify=fake)
    assert [result.ok for result in results] == [True, True, False]


@pytest.mark.parametrize("processes", [1, 3])
def test_fail_fast_runs_all_if_all_is_well(processes: int) -> None:
    assert len(run(identities(*["proved"] * 9), processes=processes, fail_fast=True, verify=fake)) == 9


@pytest.mark.parametrize("processes", [1, 2])
def test_progress_is_told_each_result(processes: int) -> None:
    seen: list[Result] = []
    results = run(identities("proved", "refuted", "proved"), processes=processes, progress=seen.append, verify=fake)
    assert sorted(seen, key=lambda result: result.identity.name) == results


@pytest.mark.parametrize("processes", [1, 2])
def test_nothing_to_do(processes: int) -> None:
    assert run([], processes=processes, verify=fake) == []


@pytest.mark.usefixtures("short_limits")
def test_a_process_that_hears_no_alarm_is_replaced() -> None:
    began = time.monotonic()
    results = run(identities("proved", "proved", "stick", "proved", "proved"), processes=2, timeout=1, verify=slow_start)
    assert verdicts(results) == ["proved", "proved", "undecided", "proved", "proved"]
    assert results[2].verdict is not None
    assert results[2].verdict.method == "time limit"
    assert time.monotonic() - began < 40


def slow_start(claim: str, *arguments: object, **options: object) -> Verdict:
    """The fake with a pause, so that each process has an identity before one gets stuck."""
    time.sleep(0.3)
    return fake(claim)


def test_a_process_that_ends_is_replaced() -> None:
    results = run(identities("leave", "proved", "leave", "proved"), processes=2, verify=fake)
    assert verdicts(results) == ["undecided", "proved", "undecided", "proved"]
    assert [r.verdict.method for r in results if r.verdict is not None][::2] == ["process", "process"]


def test_no_process_is_left() -> None:
    run(identities(*["proved"] * 4, "refuted", *["proved"] * 4), processes=3, fail_fast=True, verify=fake)
    assert running.multiprocessing.active_children() == []


def test_processes_verify_in_earnest() -> None:
    results = run([Identity("a", "d(x'*a)/d(x) = a'"), Identity("b", "d(x'*a)/d(x) = a")], processes=2)
    assert verdicts(results) == ["proved", "refuted"]
