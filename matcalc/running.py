"""Running identities: here or in several processes, in order, each within a limit of time.

`verify` keeps the limit itself, by looking at the clock.  Two stronger ones stand behind it, so that nothing can hang:
an alarm in the thread that verifies, and for a process of its own, which may be inside of one long step where no alarm
is heard, its end.
"""

from __future__ import annotations

import math
import multiprocessing
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from matcalc.errors import MatcalcError
from matcalc.excerpt import relocated
from matcalc.identity import Identity
from matcalc.verdict import Verdict
from matcalc.verification import verify

__all__ = ["Result", "explained", "judge", "placed", "run", "TIMEOUT"]

#: Seconds for one identity.
TIMEOUT = 10.0
#: How much longer than its limit a verification may take before the alarm, and before its process is ended.
ALARM, END = 1.0, 5.0
#: How long a process may take to load the program.
START = 60.0

Verify = Callable[..., Verdict]
#: An identity with its number, what became of it, and those that are left.
Task = tuple[int, Identity]
Outcome = tuple[int, "Result"]
Tasks = deque[Task]
Outcomes = Generator[Outcome, None, None]


@dataclass(frozen=True)
class Result:
    """What became of one identity: a verdict, or the message of what is wrong with the input."""

    identity: Identity
    verdict: Verdict | None
    seconds: float
    error: str | None = None

    @property
    def expected(self) -> str:
        """The verdict that is expected."""
        return self.identity.expected

    @property
    def ok(self) -> bool:
        """Whether there is a verdict and it is as expected."""
        return self.verdict is not None and self.identity.accepts(self.verdict.verdict)

    @property
    def wrong_line(self) -> int | None:
        """The line in the author's file of the step of a chain that is wrong, where that is known."""
        return self.line_of_step if self.verdict is not None and self.verdict.verdict == "refuted" else None

    @property
    def line_of_step(self) -> int | None:
        """The line in the author's file of the step of a chain that its verdict names."""
        steps, verdict = self.identity.steps, self.verdict
        if verdict is None or verdict.step is None or not 2 <= len(steps) >= verdict.step:
            return None
        return steps[verdict.step - 1]


class OutOfTime(BaseException):
    """The alarm of `time_limit`; no `except Exception` on the way holds it back."""


#: What was not enough, as the method and the message of a verdict.
EXHAUSTED = {
    OutOfTime: ("time limit", "no verdict within the limit of time"),
    RecursionError: ("depth", "the claim is nested too deeply"),
    MemoryError: ("memory", "the claim does not fit into memory"),
}


# ---- One identity ---------------------------------------------------------------------------------------------------


def judge(identity: Identity, *, timeout: float | None = TIMEOUT, verify: Verify = verify) -> Result:
    """Verify one identity; whatever happens, there is a result."""
    began = time.perf_counter()
    verdict, error = None, None
    try:
        with time_limit(None if timeout is None else timeout + ALARM):
            verdict = verify(
                identity.claim,
                identity.declare,
                identity.layout,
                identity.where,
                identity.assume,
                structured=identity.structured,
                syntax=identity.syntax,
                timeout=timeout,
            )
    except MatcalcError as mistake:
        error = explained(mistake, identity)
    except (OutOfTime, RecursionError, MemoryError) as failure:
        what = next(what for kind, what in EXHAUSTED.items() if isinstance(failure, kind))
        verdict = Verdict("undecided", *what, None, (), time.perf_counter() - began)
    except Exception as failure:
        message = f"error: matcalc failed with {type(failure).__name__}: {failure}\nhint: this is a defect of matcalc"
        error = placed(message, identity)
    return Result(identity, verdict, time.perf_counter() - began, error)


def explained(error: MatcalcError, identity: Identity) -> str:
    """The message of an error in an identity, with its place in the file where that is known."""
    return placed(relocated(error, identity.excerpts).render(), identity)


def placed(error: str, identity: Identity) -> str:
    """The message of an error with the file and the name of its identity in its second line."""
    if identity.path is None:
        return error
    first, *rest = error.split("\n")
    return "\n".join([first, f"{identity.place}: in the identity {identity.name}", *rest])


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise OutOfTime after some seconds, where there is a timer and this is the main thread.

    A timer of somebody else is stopped meanwhile and goes on afterwards.
    """
    alarms = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if seconds is None or not alarms:
        yield
        return

    def ring(*_: object) -> None:
        raise OutOfTime

    began = time.monotonic()
    handler = signal.signal(signal.SIGALRM, ring)
    before, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if before:
            signal.setitimer(signal.ITIMER_REAL, max(before - time.monotonic() + began, 1e-3), interval)


# ---- Many identities ------------------------------------------------------------------------------------------------


def run(
    identities: Sequence[Identity],
    *,
    processes: int = 1,
    timeout: float | None = TIMEOUT,
    fail_fast: bool = False,
    progress: Callable[[Result], None] | None = None,
    verify: Verify = verify,
) -> list[Result]:
    """The results in the order of the identities; with `fail_fast` up to the first that is not as expected.

    `progress` is called with each result as it comes.
    """
    todo = deque(enumerate(identities))
    if processes == 1 or len(identities) < 2:
        outcomes = in_this_process(todo, timeout, verify)
    else:
        outcomes = in_processes(todo, min(processes, len(identities)), timeout, verify)
    found: dict[int, Result] = {}
    last = len(identities)
    with closing(outcomes):
        for number, result in outcomes:
            found[number] = result
            if progress is not None:
                progress(result)
            if fail_fast and not result.ok:
                todo.clear()
                last = min(last, number + 1)
            if all(before in found for before in range(last)) and last < len(identities):
                break
    return [found[number] for number in range(last)]


def in_this_process(todo: Tasks, timeout: float | None, verify: Verify) -> Outcomes:
    """Results one after the other."""
    while todo:
        number, identity = todo.popleft()
        yield number, judge(identity, timeout=timeout, verify=verify)


def in_processes(todo: Tasks, processes: int, timeout: float | None, verify: Verify) -> Outcomes:
    """Results as they come from several processes, each of which has one identity at a time."""
    workers = [Worker(timeout, verify) for _ in range(processes)]
    try:
        for worker in workers:
            worker.give(todo)
        while busy := [worker for worker in workers if worker.task is not None]:
            left = min(worker.deadline for worker in busy) - time.monotonic()
            wait([worker.connection for worker in busy], max(0.0, left) if left < math.inf else None)
            for worker in busy:
                outcome = worker.outcome()
                if outcome is not None:
                    yield outcome
                    worker.give(todo)
    finally:
        for worker in workers:
            worker.end()


class Worker:
    """A process that verifies one identity after the other; one that does not answer in time is replaced."""

    def __init__(self, timeout: float | None, verify: Verify) -> None:
        self.timeout = timeout
        self.verify = verify
        self.task: Task | None = None
        self.began = 0.0
        #: When it must have answered.
        self.deadline = math.inf
        self.start()

    def start(self) -> None:
        """Start the process, which loads the program once."""
        methods = multiprocessing.get_all_start_methods()
        # The server that forks is a process without threads; the one that asks may have some.
        context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
        context.set_forkserver_preload([__name__])
        self.connection, other = context.Pipe()
        self.process = context.Process(target=work, args=(other, self.timeout, self.verify), daemon=True)
        self.process.start()
        other.close()
        self.patience = ALARM + END + START

    def give(self, todo: Tasks) -> None:
        """Give it the next identity, if there is one."""
        self.task = todo.popleft() if todo else None
        if self.task is not None:
            self.began = time.monotonic()
            self.deadline = math.inf if self.timeout is None else self.began + self.timeout + self.patience
            with suppress(OSError):  # a process that has ended is noticed by whoever waits for its answer
                self.connection.send(self.task[1])

    def outcome(self) -> Outcome | None:
        """The result of its identity, if it has one by now."""
        assert self.task is not None
        number, identity = self.task
        if self.connection.poll():
            try:
                result = self.connection.recv()
            except (EOFError, OSError):
                result = self.replaced(identity, "process", "the process that verified it has ended")
            else:
                self.patience = ALARM + END
        elif time.monotonic() >= self.deadline:
            result = self.replaced(identity, *EXHAUSTED[OutOfTime])
        else:
            return None
        return number, result

    def replaced(self, identity: Identity, method: str, message: str) -> Result:
        """What is known of an identity whose process is of no use any more; another process takes its place."""
        seconds = time.monotonic() - self.began
        self.end()
        self.start()
        return Result(identity, Verdict("undecided", method, message, None, (), seconds), seconds)

    def end(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def work(connection: Connection, timeout: float | None, verify: Verify) -> None:
    """What a process does: answer each identity with its result, until there is nobody to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption is for the process that waits
    with suppress(EOFError, BrokenPipeError):
        while True:
            connection.send(judge(connection.recv(), timeout=timeout, verify=verify))
