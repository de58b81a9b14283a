"""Typing rules of names and numbers."""

from __future__ import annotations

from matcalc.errors import KindError
from matcalc.form import Form
from matcalc.inference.constructors import CONSTRUCTORS, USAGE
from matcalc.inference.context import Context, Rule
from matcalc.inference.dimensions import axes
from matcalc.inference.environment import Variable
from matcalc.inference.functions import construct
from matcalc.operation import find_operation

__all__ = ["RULES"]


def _number(context: Context, form: Form) -> Form:
    """A number is typed when it is read."""
    return form


def _name(context: Context, form: Form) -> Form:
    """An assigned name, a variable, a dimension, `pi`, `eye`, or an undeclared variable."""
    word: str = form.value
    environment = context.environment
    if word in environment.assignments:
        value = environment.assignments[word]
        return context.node(form, value.kind, axes(value), (), word)
    variable = environment.variables.get(word) or _new_variable(context, form)
    if variable is None:
        return _constant(context, form)
    if variable.kind == "function":
        raise KindError(f"`{word}` is a function: it needs an argument", form.span, hint=f"write {word}(x)")
    return context.node(form, variable.kind, variable.shape, (), word)


def _constant(context: Context, form: Form) -> Form:
    """A name that is no variable."""
    environment = context.environment
    if form.value == "eye":
        return construct(context, Form("call", (), "eye", span=form.span))
    if form.value in environment.dimensions:
        environment.scalar_dimensions[form.value] = None
    return context.node(form, "scalar", (), (), form.value)


def _new_variable(context: Context, form: Form) -> Variable | None:
    """The variable that a name is, met for the first time; None if the name is a constant."""
    word: str = form.value
    environment = context.environment
    declaration = environment.declarations.get(word)
    if declaration is None and (word in environment.dimensions or word in ("pi", "eye")):
        return None
    if declaration is None:
        _check_bare(context, form)
        variable = environment.variables[word] = environment.spelled_variable(word)
        return variable
    variable = environment.declared_variable(declaration)
    if variable.kind != "function":
        environment.variables[word] = variable
    for argument in declaration.arguments:
        if argument not in environment.assigned and argument not in environment.variables:
            _name(context, Form("name", (), argument, span=declaration.span))
    return variable


def _check_bare(context: Context, form: Form) -> None:
    """Refuse an undeclared name that is an index here or a function of the language."""
    word = form.value
    if word in context.environment.indices:
        raise KindError(
            f"`{word}` is an index here, not a value",
            form.span,
            hint="indices stand in entries A[i,j], in delta(i, j) and in conditions",
        )
    if word in CONSTRUCTORS:
        raise KindError(f"`{word}` needs sizes", form.span, hint=f"write {USAGE[word]}")
    if find_operation(word) is not None:
        raise KindError(
            f"`{word}` is a function: it needs an argument",
            form.span,
            hint=f"write {word}(...); to use it as a variable declare it, `{word}: vector`",
        )


RULES: dict[str, Rule] = {"number": _number, "name": _name}
