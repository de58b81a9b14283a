"""What is timed: the emitted code, the hand-written forms, and programs that differentiate at run time.

A contestant makes, for a problem and its data, one or several callables without arguments (the fastest counts), each with a
name.  Data are converted beforehand, functions are compiled on a first call that is not timed.  JAX and HIPS autograd work on
arrays of their own or NumPy's, PyTorch on tensors, all in double precision on the CPU.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

import matcalc
from benchmarks.codegen.problems import Problem, Values
from matcalc.codegen import compile_function

Run = Callable[[], Any]

#: Makes the callables of a problem with its data, by name.
Maker = Callable[[Problem, Values], dict[str, Run]]


@dataclass(frozen=True)
class Contestant:
    """A program beside the emitted code; `distribution` is what has to be installed."""

    name: str
    distribution: str
    load: Callable[[], Maker]

    @property
    def version(self) -> str | None:
        """The installed version, None where there is none."""
        try:
            return importlib.metadata.version(self.distribution)
        except importlib.metadata.PackageNotFoundError:
            return None


# NumPy


def derivation(problem: Problem) -> Any:
    """matcalc's derivative, or derivatives, of a problem."""
    wrt = problem.wrt[0] if len(problem.wrt) == 1 else problem.wrt
    return matcalc.derive(problem.source, wrt, problem.declare, order=problem.order)


def source(problem: Problem, values: Mapping[str, Any] | None = None) -> str:
    """The emitted module; the order of its operations is chosen by the sizes of the values, if they are given."""
    found = derivation(problem)
    return found.code(product=product(problem), sizes=sizes(found, values or {}))


def sizes(found: Any, values: Mapping[str, Any]) -> dict[str, int]:
    """The dimensions of a derivative, or of several, as the arrays have them."""
    members = found.values() if isinstance(found, matcalc.Derivatives) else [found]
    pairs = (
        (axis, size)
        for member in members
        for name, info in member.program.variables.items()
        if name in values
        for axis, size in zip(info.shape, np.shape(values[name]), strict=True)
    )
    return {str(axis[0]): size for axis, size in pairs if len(axis) == 1 and isinstance(axis[0], str)}


def product(problem: Problem) -> str:
    """What is emitted, and the name of the function."""
    return "vjp" if problem.kind == "vjp" else "derivative"


def function(problem: Problem, values: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """The emitted function."""
    return compile_function(source(problem, values), product(problem))


def bound(form: Callable[..., Any], values: Mapping[str, Any]) -> Run:
    """A function with arguments from the values by the names of its parameters."""
    return partial(form, *(values[name] for name in inspect.signature(form).parameters))


def emitted(problem: Problem, values: Values) -> Run:
    """The emitted code."""
    return bound(function(problem, values), values)


def hand_written(problem: Problem, values: Values) -> dict[str, Run]:
    """The hand-written forms."""
    return {form.__name__: bound(form, values) for form in problem.forms}


# Programs that differentiate at run time


def split(problem: Problem, values: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The variables (one array, or a dict where there are several) and the other values."""
    by = {name: values[name] for name in problem.wrt}
    rest = {name: value for name, value in values.items() if name not in by}
    return by if len(by) > 1 else by[problem.wrt[0]], rest


def function_of(problem: Problem, lib: Any) -> Callable[[Any, Mapping[str, Any]], Any]:
    """What is differentiated, as a function of the variables and the other values but the cotangent."""

    def differentiated(by: Any, rest: Mapping[str, Any]) -> Any:
        named = {name: by[name] for name in problem.wrt} if len(problem.wrt) > 1 else {problem.wrt[0]: by}
        return problem.function(lib, **named, **{name: value for name, value in rest.items() if name != "u"})

    return differentiated


def pulled_back(vjp: Callable[..., Any], differentiated: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The product of a cotangent and the Jacobian, by the `vjp` that JAX and torch.func share."""
    return lambda by, rest: vjp(lambda variables: differentiated(variables, rest), by)[1](rest["u"])[0]


def functional(library: Any, problem: Problem, lib: Any) -> dict[str, Callable[[Any, Any], Any]]:
    """The derivatives of a problem by the function transforms that JAX and torch.func share."""
    differentiated = function_of(problem, lib)
    if problem.kind == "vjp":
        return {"vjp": pulled_back(library.vjp, differentiated)}
    names = {"gradient": ["grad"], "Hessian": ["hessian"], "Jacobian": ["jacfwd", "jacrev"]}[problem.kind]
    return {name: getattr(library, name)(differentiated) for name in names}


def load_jax() -> Maker:
    jax = importlib.import_module("jax")
    lib = SimpleNamespace(
        tanh=jax.numpy.tanh,
        softplus=jax.nn.softplus,
        softmax=jax.nn.softmax,
        logsoftmax=jax.nn.log_softmax,
        logsumexp=jax.nn.logsumexp,
        inv=jax.numpy.linalg.inv,
        logdet=lambda X: jax.numpy.linalg.slogdet(X)[1],
    )

    def make(problem: Problem, values: Values) -> dict[str, Run]:
        arguments = split(problem, {name: jax.numpy.asarray(array) for name, array in values.items()})
        compiled = {name: jax.jit(made) for name, made in functional(jax, problem, lib).items()}
        return {name: partial(lambda made: jax.block_until_ready(made(*arguments)), made) for name, made in compiled.items()}

    return make


def torch_library(torch: Any) -> SimpleNamespace:
    return SimpleNamespace(
        tanh=torch.tanh,
        softplus=torch.nn.functional.softplus,
        softmax=lambda x: torch.softmax(x, -1),
        logsoftmax=lambda x: torch.log_softmax(x, -1),
        logsumexp=lambda x: torch.logsumexp(x, -1),
        inv=torch.linalg.inv,
        logdet=lambda X: torch.linalg.slogdet(X)[1],
    )


def tensors(torch: Any, values: Values) -> dict[str, Any]:
    return {name: torch.tensor(array) for name, array in values.items()}


def load_torch_func() -> Maker:
    torch = importlib.import_module("torch")
    lib = torch_library(torch)

    def make(problem: Problem, values: Values) -> dict[str, Run]:
        arguments = split(problem, tensors(torch, values))
        return {name: partial(made, *arguments) for name, made in functional(torch.func, problem, lib).items()}

    return make


def load_torch_autograd() -> Maker:
    """Backward for gradients and vector products, backward of backward, entry by entry, for Hessians and Jacobians."""
    torch = importlib.import_module("torch")
    lib = torch_library(torch)

    def make(problem: Problem, values: Values) -> dict[str, Run]:
        by, rest = split(problem, tensors(torch, values))
        differentiated = function_of(problem, lib)
        if problem.kind in ("Hessian", "Jacobian"):
            transform = getattr(torch.autograd.functional, problem.kind.lower())
            return {problem.kind.lower(): lambda: transform(lambda variables: differentiated(variables, rest), by)}
        leaves = [leaf.requires_grad_() for leaf in (by.values() if isinstance(by, dict) else [by])]

        def backward() -> Any:
            found = torch.autograd.grad(differentiated(by, rest), leaves, rest.get("u"))
            return dict(zip(problem.wrt, found, strict=True)) if isinstance(by, dict) else found[0]

        return {"backward": backward}

    return make


def load_autograd() -> Maker:
    autograd, np = importlib.import_module("autograd"), importlib.import_module("autograd.numpy")
    logsumexp = importlib.import_module("autograd.scipy.special").logsumexp
    lib = SimpleNamespace(
        tanh=np.tanh,
        softplus=lambda x: np.logaddexp(0.0, x),
        softmax=lambda x: np.exp(x - logsumexp(x)),
        logsoftmax=lambda x: x - logsumexp(x, axis=-1, keepdims=True),
        logsumexp=logsumexp,
        inv=np.linalg.inv,
        logdet=lambda X: np.linalg.slogdet(X)[1],
    )

    def make(problem: Problem, values: Values) -> dict[str, Run]:
        by, rest = split(problem, values)
        differentiated = function_of(problem, lib)
        if problem.kind == "vjp":
            return {"vjp": lambda: autograd.make_vjp(lambda variables: differentiated(variables, rest))(by)[0](rest["u"])}
        name = {"gradient": "grad"}.get(problem.kind, problem.kind.lower())
        return {name: partial(getattr(autograd, name)(differentiated), by, rest)}

    return make


RIVALS = (
    Contestant("JAX, jitted", "jax", load_jax),
    Contestant("torch.func", "torch", load_torch_func),
    Contestant("torch.autograd", "torch", load_torch_autograd),
    Contestant("HIPS autograd", "autograd", load_autograd),
)
