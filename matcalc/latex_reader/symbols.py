r"""What commands of LaTeX mean to the reader: letters, operators, functions, fences, and what it does not read.

Nothing here reads; these are the tables.  A command is written with its backslash.
"""

from __future__ import annotations

from matcalc.lexer import GREEK

__all__ = [
    "LETTERS", "SPACES", "WITH_ARGUMENT", "SIZES", "OPENING", "CLOSING", "PAIRS", "BOLD", "STYLES", "SWITCHES", "ACCENTS",
    "FRACTIONS", "FUNCTIONS", "PLAIN_FUNCTIONS", "WORDS", "OPERATORS", "TRANSPOSES", "DISPLAYS", "CASES", "RELATIONS",
    "UNREAD", "KNOWN", "TEXTS", "WRAPPERS",
]  # fmt: skip


def _words(*lines: str) -> list[str]:
    """The words of some lines."""
    return [word for line in lines for word in line.split()]


def _commands(*lines: str) -> tuple[str, ...]:
    """The commands that some words are."""
    return tuple(f"\\{word}" for word in _words(*lines))


# --- letters --------------------------------------------------------------------------------------------------------

_VARIANTS = _words("epsilon theta phi rho sigma pi kappa Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega")
#: Commands that are letters, and the names of those letters.
LETTERS = {
    **{f"\\{word}": word for word in GREEK.values()},
    **{f"\\var{word}": word for word in _VARIANTS},
    "\\ell": "ell",
}
#: Commands that set letters bold, and other styles; each takes one argument.
BOLD = frozenset(_commands("mathbf bm boldsymbol symbf mathbfit pmb mathbfup symbfup bold"))
STYLES = {
    **dict.fromkeys(BOLD, "bold"),
    **dict.fromkeys(_commands("mathrm mathup symup"), "roman"),
    **dict.fromkeys(_commands("mathit mathnormal"), "italic"),
    **dict.fromkeys(_commands("mathcal mathscr"), "script"),
    **dict.fromkeys(_commands("operatorname operatorname*"), "function"),
    "\\mathsf": "sans",
    "\\mathtt": "mono",
    "\\mathfrak": "fraktur",
    "\\mathbb": "blackboard",
}
#: Switches of the old kind, which hold to the end of their group.
SWITCHES = {
    **dict.fromkeys(_commands("bf bfseries boldmath"), "bold"),
    "\\rm": "roman",
    "\\it": "italic",
    "\\sf": "sans",
    "\\cal": "script",
}
#: Accents, and what they add to a name; an arrow adds nothing.
ACCENTS = {
    **dict.fromkeys(_commands("hat widehat"), "hat"),
    **dict.fromkeys(_commands("bar overline"), "bar"),
    **dict.fromkeys(_commands("tilde widetilde"), "tilde"),
    **{command: command[1:] for command in _commands("dot ddot check breve")},
    **dict.fromkeys(_commands("vec overrightarrow"), ""),
}
TEXTS = frozenset(_commands("text textrm textnormal textup mbox hbox textit textsf textbf textsc"))

# --- spaces and fences ----------------------------------------------------------------------------------------------

#: Commands that only move or break what is around them.
SPACES = frozenset(
    _commands(
        ", ; : ! > / quad qquad enspace thinspace medspace thickspace negthinspace negmedspace negthickspace space nobreak",
        "nobreakspace displaystyle textstyle scriptstyle limits nolimits nonumber notag allowbreak strut mathstrut relax null",
        "centering hfill noindent mathop mathrel mathbin mathord mathopen mathclose",
    )
) | {"\\ ", "\\\n", "\\\t"}
#: Commands that go with their argument.
WITH_ARGUMENT = frozenset(_commands("label tag hspace hspace* vspace mspace hphantom vphantom phantom"))
#: Commands around an argument that change nothing of its meaning.
WRAPPERS = frozenset(_commands("boxed underbrace overbrace ensuremath smash"))
#: Sizes of fences; some say which side a fence is on.
SIZES = {
    **dict.fromkeys(_commands("big Big bigg Bigg"), ""),
    **dict.fromkeys(_commands("bigl Bigl biggl Biggl left"), "open"),
    **dict.fromkeys(_commands("bigr Bigr biggr Biggr right"), "close"),
}
OPENING = {
    "(": "(", "[": "[", "\\{": "\\{", "\\lbrace": "\\{", "\\lbrack": "[", "\\langle": "\\langle",
    "\\lvert": "|", "\\lVert": "\\|", "\\lparen": "(",
}  # fmt: skip
CLOSING = {
    ")": ")", "]": "]", "\\}": "\\}", "\\rbrace": "\\}", "\\rbrack": "]", "\\rangle": "\\rangle",
    "\\rvert": "|", "\\rVert": "\\|", "\\rparen": ")",
}  # fmt: skip
#: What closes each fence.
PAIRS = {"(": ")", "[": "]", "\\{": "\\}", "|": "|", "\\|": "\\|", "\\langle": "\\rangle"}

# --- functions and operators ----------------------------------------------------------------------------------------

FRACTIONS = frozenset(_commands("frac dfrac tfrac cfrac nicefrac sfrac"))
#: Functions of which every LaTeX has a command.
PLAIN_FUNCTIONS = frozenset(_words("exp log ln sin cos tan sinh cosh tanh arcsin arccos arctan det max min"))
_OTHERS = _words("tr diag softmax relu sign erf sigmoid trace logdet softplus adj abs")
#: Functions that have a command of their own.
FUNCTIONS = {
    **{f"\\{word}": word for word in (*sorted(PLAIN_FUNCTIONS), *_OTHERS)},
    "\\ln": "log", "\\max": "maximum", "\\min": "minimum", "\\Tr": "tr", "\\trace": "tr", "\\Diag": "diag", "\\sgn": "sign",
    "\\norm": "norm2", "\\ReLU": "relu", "\\vect": "vec", "\\vecop": "vec", "\\Vec": "vec",
}  # fmt: skip
#: Functions by the words that stand for them in `\operatorname{...}`, besides the names of the language.
WORDS = {
    "Tr": "tr", "Trace": "tr", "TR": "tr", "Diag": "diag", "Vec": "vec", "Det": "det", "adjugate": "adj",
    "ReLU": "relu", "RELU": "relu", "Relu": "relu", "GELU": "gelu", "SiLU": "silu", "sgn": "sign",
    "Sigmoid": "sigmoid", "logistic": "sigmoid", "Softmax": "softmax", "softMax": "softmax",
    "ln": "log", "Log": "log", "Exp": "exp", "max": "maximum", "min": "minimum",
    "LogSumExp": "logsumexp", "lse": "logsumexp", "LSE": "logsumexp", "CE": "crossentropy", "CrossEntropy": "crossentropy",
}  # fmt: skip
#: Operators, and the heads of forms that they make.
OPERATORS = {
    "\\odot": "times", "\\circ": "times", "\\oslash": "rdiv", "\\otimes": "kron", "\\cdot": "mul", "\\times": "cross",
    "*": "star", "\\ast": "star", "/": "div", "\\div": "div",
}  # fmt: skip
#: What stands for a transpose in a superscript.
TRANSPOSES = frozenset({"T", *_commands("top intercal transpose transp T tran")})

# --- environments and relations -------------------------------------------------------------------------------------

_ENVIRONMENTS = _words("equation align gather multline eqnarray flalign displaymath math aligned gathered split alignedat")
#: Environments whose content is a formula or rows of it.
DISPLAYS = frozenset(name + star for name in _ENVIRONMENTS for star in ("", "*"))
#: Environments of case distinctions.
CASES = frozenset({"cases", "dcases", "rcases"})
#: Relations; the value is what is wrong with one, or nothing for the equality.
RELATIONS = {
    **dict.fromkeys(("=", *_commands("equiv stackrel overset underset")), ""),
    **dict.fromkeys((":=", *_commands("coloneqq triangleq doteq eqqcolon")), "definition"),
    **dict.fromkeys(
        (
            *("<", ">"),
            *_commands(
                "approx le leq leqslant ge geq geqslant sim simeq cong propto ll gg prec succ preceq succeq subset subseteq",
                "in notin neq ne lt gt to rightarrow mapsto leftarrow mid Rightarrow Leftarrow Leftrightarrow implies iff",
                "Longrightarrow perp parallel longrightarrow gets lesssim gtrsim therefore because asymp vdash models",
            ),
        ),
        "relation",
    ),
}

# --- what is not read -----------------------------------------------------------------------------------------------

#: Commands that are known and not read, with what to do instead.
UNREAD = {
    **dict.fromkeys(_commands("int iint oint lim"), "integrals and limits are not read"),
    **dict.fromkeys(_commands("argmax argmin sup inf"), "write the condition that the point fulfils"),
    **dict.fromkeys(_commands("over atop"), "write \\frac{...}{...}"),
    **dict.fromkeys(_commands("binom choose"), "write it with numbers"),
    **dict.fromkeys(_commands("pm mp"), "write one equation for each sign"),
    **dict.fromkeys(_commands("dagger ddagger Re Im"), "values are real: the transpose is ^\\top"),
    **dict.fromkeys(_commands("star bullet"), "write \\cdot, \\odot or \\otimes"),
    **dict.fromkeys(_commands("ldots cdots dots vdots ddots dotsc dotsb"), "write the sum or the matrix by its entries"),
    **dict.fromkeys(_commands("forall exists"), "leave it out, or put it into \\text{...} at the end"),
    **dict.fromkeys(_commands("newcommand renewcommand def DeclareMathOperator"), "macros are not expanded here"),
    **dict.fromkeys(_commands("input include ref eqref cite footnote color textcolor cancel"), "leave it out"),
    **dict.fromkeys(_commands("lfloor rfloor lceil rceil gcd mod bmod pmod"), "it has no derivative"),
    **dict.fromkeys(_commands("emptyset angle ker Pr infty"), "it is no finite value"),
    "\\prod": "write the factors, or \\exp(\\sum_i \\log x_i)",
    "\\oplus": "write +",
    "\\ominus": "write -",
    "\\wedge": "write the product that is meant",
    "\\vee": "write \\max(a, b)",
    "\\intertext": "verify the equations one by one",
    "\\middle": "write two pairs of fences",
    "\\not": "write \\neq",
    "\\imath": "write i",
    "\\jmath": "write j",
    "\\dim": "write the size",
    "\\mathds": "write \\mathbf{1}",
    "\\substack": "write several sums",
}
_READ = (
    *LETTERS, *WITH_ARGUMENT, *SIZES, *OPENING, *CLOSING, *STYLES, *TEXTS, *ACCENTS, *FRACTIONS, *FUNCTIONS, *OPERATORS,
    *WRAPPERS,
    *_commands("top intercal prime partial nabla sum sqrt begin end neq ne neg lnot land lor quad qquad nonumber"),
    *_commands("equiv coloneqq triangleq doteq eqqcolon stackrel overset underset bf bfseries rm it sf cal"),
)  # fmt: skip
#: All commands that are known, for suggestions.
KNOWN = frozenset(word for word in (*_READ, *UNREAD) if len(word) > 2 and word.startswith("\\"))
