"""Element-wise functions.  A derivative is written in the argument x and the value y, so tanh' reads 1 - y².

At kinks, sign(0) = step(0) = 0, and `maximum` and `minimum` take the first argument's derivative at a tie
(LANGUAGE, section 3).  Derivatives are those of any table, e.g. Abramowitz and Stegun, chapters 4 and 7.
"""

from __future__ import annotations

from fractions import Fraction

from matcalc.expr import Constant, Node, Number, call, power, zero
from matcalc.operation import Operation, register

HALF = Fraction(1, 2)


PI = Constant.make("pi")


def root(x: Node | int) -> Node:
    """The square root, entry by entry."""
    return power(x if isinstance(x, Node) else Number.make(x), HALF)

register(
    Operation(
        "exp", "()->()", "exponential function", r"\exp\left({0}\right)", "np.exp({0})",
        sympy="exp", facts=frozenset({"positive"}),
        derivative=(lambda x, y: y,),
    )
)
register(
    Operation(
        "log", "()->()", "natural logarithm", r"\log\left({0}\right)", "np.log({0})",
        sympy="log", domain="positive",
        derivative=(lambda x, y: 1 / x,),
    )
)
register(
    Operation(
        "sqrt", "()->()", "square root", r"\sqrt{{{0}}}", "np.sqrt({0})", domain="positive",
        definition=lambda x: x**HALF,
    )
)
register(
    Operation(
        "abs", "()->()", "absolute value", r"\left|{0}\right|", "np.abs({0})",
        sympy="Abs", domain="kink", facts=frozenset({"nonnegative"}),
        derivative=(lambda x, y: call("sign", x),),
    )
)
register(
    Operation(
        "sign", "()->()", "sign: -1, 0 or 1", r"\operatorname{{sign}}\left({0}\right)", "np.sign({0})",
        sympy="sign", domain="kink", facts=frozenset({"bounded"}),
        derivative=(lambda x, y: zero(x.shape),),
    )
)
register(
    Operation(
        "step", "()->()", "1 where the argument is positive, else 0",
        r"\operatorname{{step}}\left({0}\right)", "np.heaviside({0}, 0.0)",
        sympy=lambda s, x: s.Piecewise((1, x > 0), (0, True)), domain="kink", facts=frozenset({"bounded", "nonnegative"}),
        derivative=(lambda x, y: zero(x.shape),),
    )
)
register(
    Operation(
        "relu", "()->()", "the positive part max(x, 0)", r"\operatorname{{relu}}\left({0}\right)",
        "np.maximum({0}, 0.0)",
        sympy=lambda s, x: s.Max(x, 0), domain="kink", facts=frozenset({"nonnegative"}),
        derivative=(lambda x, y: call("step", x),),
    )
)
register(
    Operation(
        "sin", "()->()", "sine", r"\sin\left({0}\right)", "np.sin({0})", sympy="sin", facts=frozenset({"bounded"}),
        derivative=(lambda x, y: call("cos", x),),
    )
)
register(
    Operation(
        "cos", "()->()", "cosine", r"\cos\left({0}\right)", "np.cos({0})", sympy="cos", facts=frozenset({"bounded"}),
        derivative=(lambda x, y: -call("sin", x),),
    )
)
register(
    Operation(
        "tan", "()->()", "tangent", r"\tan\left({0}\right)", "np.tan({0})", sympy="tan",
        derivative=(lambda x, y: 1 + y**2,),
    )
)
register(
    Operation(
        "asin", "()->()", "inverse sine", r"\arcsin\left({0}\right)", "np.arcsin({0})", aliases=("arcsin",),
        sympy="asin", domain="(-1, 1)",
        derivative=(lambda x, y: 1 / root(1 - x**2),),
    )
)
register(
    Operation(
        "acos", "()->()", "inverse cosine", r"\arccos\left({0}\right)", "np.arccos({0})", aliases=("arccos",),
        sympy="acos", domain="(-1, 1)",
        derivative=(lambda x, y: -1 / root(1 - x**2),),
    )
)
register(
    Operation(
        "atan", "()->()", "inverse tangent", r"\arctan\left({0}\right)", "np.arctan({0})", aliases=("arctan",),
        sympy="atan",
        derivative=(lambda x, y: 1 / (1 + x**2),),
    )
)
register(
    Operation(
        "sinh", "()->()", "hyperbolic sine", r"\sinh\left({0}\right)", "np.sinh({0})", sympy="sinh",
        derivative=(lambda x, y: call("cosh", x),),
    )
)
register(
    Operation(
        "cosh", "()->()", "hyperbolic cosine", r"\cosh\left({0}\right)", "np.cosh({0})", sympy="cosh",
        facts=frozenset({"positive"}),
        derivative=(lambda x, y: call("sinh", x),),
    )
)
register(
    Operation(
        "tanh", "()->()", "hyperbolic tangent", r"\tanh\left({0}\right)", "np.tanh({0})",
        sympy="tanh", facts=frozenset({"bounded"}),
        derivative=(lambda x, y: 1 - y**2,),
    )
)
SIGMOID = '''\
def _sigmoid(x):
    """1/(1 + exp(-x)) without overflow, to full relative precision."""
    negative = np.real(x) < 0.0
    e = np.exp(np.where(negative, x, -x))
    return np.where(negative, e, 1.0) / (1.0 + e)
'''

register(
    Operation(
        "sigmoid", "()->()", "logistic function 1/(1 + exp(-x))", r"\sigma\left({0}\right)",
        "_sigmoid({0})",
        helper=SIGMOID,
        sympy=lambda s, x: 1 / (1 + s.exp(-x)), facts=frozenset({"bounded", "positive"}),
        derivative=(lambda x, y: y * (1 - y),),
    )
)
register(
    Operation(
        "softplus", "()->()", "log(1 + exp(x))", r"\operatorname{{softplus}}\left({0}\right)",
        "np.logaddexp(0.0, {0})",
        sympy=lambda s, x: s.log(1 + s.exp(x)), facts=frozenset({"positive"}),
        derivative=(lambda x, y: call("sigmoid", x),),
    )
)
SILU = '''\
def _silu(x):
    """x/(1 + exp(-x)) without overflow."""
    return x * _sigmoid(x)
'''

register(
    Operation(
        "silu", "()->()", "x times the logistic function of x", r"\operatorname{{silu}}\left({0}\right)",
        "_silu({0})",
        helper=SILU,
        sympy=lambda s, x: x / (1 + s.exp(-x)),
        derivative=(lambda x, y: call("sigmoid", x) * (1 + x * (1 - call("sigmoid", x))),),
    )
)
register(
    Operation(
        "erf", "()->()", "error function", r"\operatorname{{erf}}\left({0}\right)", "special.erf({0})",
        sympy="erf", facts=frozenset({"bounded"}),
        derivative=(lambda x, y: 2 * call("exp", -(x**2)) * (1 / root(PI)),),
    )
)
GELU = '''\
def _gelu(x):
    """x times the standard normal distribution function, to full relative precision."""
    return 0.5 * x * special.erfc(-x / np.sqrt(2.0))
'''

register(
    Operation(
        "gelu", "()->()", "x times the standard normal distribution function of x",
        r"\operatorname{{gelu}}\left({0}\right)", "_gelu({0})",
        helper=GELU,
        sympy=lambda s, x: x * (1 + s.erf(x / s.sqrt(2))) / 2,
        derivative=(
            lambda x, y: (1 + call("erf", x * (1 / root(2)))) * HALF
            + x * call("exp", -(x**2) * HALF) * (1 / root(2 * PI)),
        ),
    )
)
register(
    Operation(
        "pow", "(),()->()", "general power x^p for x > 0", r"{0}^{{{1}}}", "{0}**{1}", domain="positive",
        sympy=lambda s, x, p: x**p,
        derivative=(
            lambda x, p, y: p * call("pow", x, p - 1),
            lambda x, p, y: y * call("log", x),
        ),
    )
)
register(
    Operation(
        "maximum", "(),()->()", "the larger of two; at a tie the first one's derivative",
        r"\max\left({0}, {1}\right)", "np.maximum({0}, {1})", sympy="Max", domain="kink",
        derivative=(
            lambda a, b, y: 1 - call("step", b - a),
            lambda a, b, y: call("step", b - a),
        ),
    )
)
register(
    Operation(
        "minimum", "(),()->()", "the smaller of two; at a tie the first one's derivative",
        r"\min\left({0}, {1}\right)", "np.minimum({0}, {1})", sympy="Min", domain="kink",
        derivative=(
            lambda a, b, y: 1 - call("step", a - b),
            lambda a, b, y: call("step", a - b),
        ),
    )
)
