"""Typing rules of derivatives: d(E)/d(X) in the layout in force, gradients, Jacobians and Hessians."""

from __future__ import annotations

from collections.abc import Callable

from matcalc.errors import KindError
from matcalc.form import Form
from matcalc.inference.context import Context, Rule
from matcalc.inference.dimensions import Axes, axes, kind_of
from matcalc.inference.wording import a_kind, shown, text_of

__all__ = ["RULES"]

#: Kind and axes of a derivative of E by X; X is a name, or an entry or vec of one.
_Result = tuple[str | None, Axes]


def _derivative(context: Context, form: Form) -> Form:
    expression, variable = context.type(form.args[0]), _differentiated(context, form.args[1])
    if variable.head == "call":
        return _vec_jacobian(context, form, expression, variable)
    kind, shape = _BY_NOTATION[form.value](context, form, expression, variable)
    return context.node(form, kind, shape, (expression, variable), form.value)


def _differentiated(context: Context, form: Form) -> Form:
    """The typed X of a derivative: a name, an entry of a name, or vec of a name."""
    is_vec = form.head == "call" and form.value == "vec" and len(form.args) == 1
    inner = form.args[0] if (form.head == "entry" or is_vec) and form.args else form
    if inner.head != "name":
        raise KindError(
            f"differentiate by a name, not by `{text_of(form)}`",
            form.span,
            hint="give it a name on a line of its own, h = ..., and differentiate by h",
        )
    word, environment = inner.value, context.environment
    if environment.is_function(word):
        raise KindError(f"`{word}` is a function; differentiate by a variable", form.span)
    typed = context.type(form)
    root = typed if typed.head in ("name", "call") and not typed.args else typed.args[0]
    if root.head != "name" or (word not in environment.variables and word not in environment.assignments):
        raise KindError(f"`{word}` is a constant here; differentiate by a variable", form.span)
    return typed


def _vec_jacobian(context: Context, form: Form, expression: Form, variable: Form) -> Form:
    """d(vec(E))/d(vec(X)): a matrix with the axis of vec(E) and that of vec(X), in both layouts."""
    is_vec = expression.head == "call" and expression.value == "vec"
    if form.value != "d" or not is_vec:
        hint = "write d(vec(E))/d(vec(X)), or jacobian(E, X)"
        raise KindError("a derivative by vec(X) is one of vec(E)", form.span, hint=hint)
    return context.node(form, "matrix", axes(expression) + axes(variable), (expression, variable), form.value)


def _by_layout(context: Context, form: Form, expression: Form, variable: Form) -> _Result:
    e, x = axes(expression), axes(variable)
    numerator = context.layout == "numerator"
    if not x:
        return expression.kind, e
    if not e:
        vector = "row" if numerator else "column"
        return vector if len(x) == 1 else variable.kind, x
    if len(e) == len(x) == 1:
        return "matrix", e + x if numerator else x + e
    return "tensor", e + x


def _gradient(context: Context, form: Form, expression: Form, variable: Form) -> _Result:
    if expression.kind != "scalar":
        raise KindError(
            f"a gradient is that of a scalar, but {shown(expression)} is {a_kind(expression)}",
            expression.span or form.span,
            hint="write jacobian(E, X)",
        )
    return kind_of(axes(variable)), axes(variable)


def _jacobian(context: Context, form: Form, expression: Form, variable: Form) -> _Result:
    e, x = axes(expression), axes(variable)
    if not x:
        return expression.kind, e
    return "row" if not e and len(x) == 1 else kind_of(e + x), e + x


def _hessian(context: Context, form: Form, expression: Form, variable: Form) -> _Result:
    e, x = axes(expression), axes(variable)
    return (expression.kind, e) if not x else (kind_of(e + x + x), e + x + x)


#: The rule of each notation; the form is the derivative, E and X are typed.
_BY_NOTATION: dict[str, Callable[[Context, Form, Form, Form], _Result]] = {
    "d": _by_layout,
    "grad": _gradient,
    "jacobian": _jacobian,
    "hessian": _hessian,
}

RULES: dict[str, Rule] = {"derivative": _derivative}
