"""Derivatives of several outputs of one program: a mapping by output, and one function for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from matcalc.coded import Coded
from matcalc.codegen import Function, Source
from matcalc.emission import Emission
from matcalc.errors import UnsupportedError
from matcalc.parser import name_of
from matcalc.request import Request

__all__ = ["Outputs"]


class Outputs(Coded, Mapping[str, Any]):
    """Derivatives of several outputs, by output: what `derive` gives for each of them alone."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self.members = dict(members)

    def __getitem__(self, key: str) -> Any:
        return self.members[key if key in self.members else name_of(key, {})]

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def emitted(self, request: Request) -> Source:
        """The module of one function, which returns a dict by output of what the function of that output returns.

        Work that the outputs share is done once.  Raises MatcalcError for products and for what goes with one output.
        """
        for wanted, what in ((request.product != "derivative", request.product), (request.value, "the value"),
                             (request.random, "a trial at random data")):  # fmt: skip
            if wanted:
                raise UnsupportedError(f"{what} is emitted for one output at a time", hint="name one output")
        answers: dict[tuple[str, ...], Any] = {}
        for output, found in self.members.items():
            parts = found.items() if isinstance(found, Mapping) else ((None, found),)
            answers |= {(output, *([] if name is None else [name])): member for name, member in parts}
        return OutputsEmission(answers, request).module()


class OutputsEmission(Emission):
    """The making of one module for derivatives of several outputs, each with the keys below which it is returned."""

    def __init__(self, answers: Mapping[tuple[str, ...], Any], request: Request) -> None:
        super().__init__({f"{member.wrt} of {path[0]}": member for path, member in answers.items()}, False, request)
        self.paths = list(answers)
        for member in answers.values():
            for name, info in member.free_variables.items():
                if (info.kind, info.shape) != (self.infos[name].kind, self.infos[name].shape):
                    hint = "declare it, so that it is the same in all of them"
                    raise UnsupportedError(f"`{name}` has several shapes in these derivatives", hint=hint)

    def is_program_gradient(self) -> bool:
        """Gradients of several outputs do not go through the error signals of one."""
        return False

    def function(self) -> Function:
        """The function of all derivatives."""
        return replace(super().function(), paths=self.paths)

    @property
    def outputs(self) -> Sequence[str]:
        """The outputs."""
        return list(dict.fromkeys(path[0] for path in self.paths))
