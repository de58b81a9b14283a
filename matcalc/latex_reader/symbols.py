r"""What commands of LaTeX mean to the reader: letters, operators, functions, fences, and what it does not read.

Nothing here reads; these are the tables.  A command is written with its backslash.
"""

from __future__ import annotations

from matcalc.lexer import GREEK

__all__ = [
    "LETTERS", "SPACES", "WITH_ARGUMENT", "SIZES", "OPENING", "CLOSING", "PAIRS", "BOLD", "STYLES", "SWITCHES", "ACCENTS",
    "FRACTIONS", "FUNCTIONS", "PLAIN_FUNCTIONS", "WORDS", "OPERATORS", "TRANSPOSES", "DISPLAYS", "CASES", "RELATIONS", "UNREAD", "KNOWN", "TEXTS", "WRAPPERS",
]  # fmt: skip

#: Commands that are letters, and the names of those letters.
LETTERS = {
    **{f"\\{word}": word for word in GREEK.values()},
    **{f"\\var{word}": word for word in ("epsilon", "theta", "phi", "rho", "sigma", "pi", "kappa")},
    **{f"\\var{word}": word for word in ("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega")},
    "\\ell": "ell",
}
#: Commands that only move or break what is around them.
SPACES = frozenset(
    "\\" + word
    for word in (
        ", ; : ! > / quad qquad enspace thinspace medspace thickspace negthinspace negmedspace negthickspace space nobreak"
        " nobreakspace displaystyle textstyle scriptstyle limits nolimits nonumber notag allowbreak strut mathstrut"
        " relax null centering hfill noindent mathop mathrel mathbin mathord mathopen mathclose"
    ).split()
) | {"\\ ", "\\\n", "\\\t"}
#: Commands that go with their argument.
WITH_ARGUMENT = frozenset({"\\label", "\\tag", "\\hspace", "\\hspace*", "\\vspace", "\\mspace", "\\hphantom", "\\vphantom", "\\phantom"})
#: Sizes of fences; those of the second table say which side a fence is.
SIZES = {
    **{f"\\{word}": "" for word in ("big", "Big", "bigg", "Bigg")},
    **{f"\\{word}l": "open" for word in ("big", "Big", "bigg", "Bigg")},
    **{f"\\{word}r": "close" for word in ("big", "Big", "bigg", "Bigg")},
    "\\left": "open",
    "\\right": "close",
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

#: Commands that set letters bold, and other styles; each takes one argument.
BOLD = frozenset({"\\mathbf", "\\bm", "\\boldsymbol", "\\symbf", "\\mathbfit", "\\pmb", "\\mathbfup", "\\symbfup", "\\bold"})
STYLES = {
    **dict.fromkeys(BOLD, "bold"),
    "\\mathrm": "roman", "\\mathup": "roman", "\\mathit": "italic", "\\mathnormal": "italic", "\\mathsf": "sans", "\\mathtt": "mono",
    "\\mathcal": "script", "\\mathscr": "script", "\\mathfrak": "fraktur", "\\operatorname": "function",
    "\\operatorname*": "function", "\\mathbb": "blackboard", "\\symup": "roman",
}  # fmt: skip
#: Switches of the old kind, which hold to the end of their group.
SWITCHES = {"\\bf": "bold", "\\bfseries": "bold", "\\boldmath": "bold", "\\rm": "roman", "\\it": "italic", "\\sf": "sans", "\\cal": "script"}
TEXTS = frozenset({"\\text", "\\textrm", "\\textnormal", "\\textup", "\\mbox", "\\hbox", "\\textit", "\\textsf", "\\textbf", "\\textsc"})
#: Accents, and what they add to a name; `\vec` adds nothing.
ACCENTS = {
    "\\hat": "hat", "\\widehat": "hat", "\\bar": "bar", "\\overline": "bar", "\\tilde": "tilde", "\\widetilde": "tilde",
    "\\dot": "dot", "\\ddot": "ddot", "\\check": "check", "\\breve": "breve", "\\vec": "", "\\overrightarrow": "",
}  # fmt: skip
#: Commands around an argument that change nothing of its meaning.
WRAPPERS = frozenset({"\\boxed", "\\underbrace", "\\overbrace", "\\ensuremath", "\\smash", "\\mathstrut"})
FRACTIONS = frozenset({"\\frac", "\\dfrac", "\\tfrac", "\\cfrac", "\\nicefrac", "\\sfrac"})

#: Functions of which every LaTeX has a command.
PLAIN_FUNCTIONS = frozenset(
    {"exp", "log", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "det", "max", "min"}
)
#: Functions that have a command of their own.
FUNCTIONS = {
    **{
        f"\\{word}": word
        for word in (
            "exp log sin cos tan sinh cosh tanh arcsin arccos arctan det tr diag softmax relu sign erf vec sigmoid trace"
            " logdet softplus adj"
        ).split()
        if word != "vec"  # an arrow
    },
    "\\ln": "log", "\\max": "maximum", "\\min": "minimum", "\\Tr": "tr", "\\Diag": "diag", "\\sgn": "sign", "\\abs": "abs",
    "\\norm": "norm2", "\\ReLU": "relu", "\\vect": "vec", "\\vecop": "vec", "\\Vec": "vec", "\\trace": "tr",
}  # fmt: skip
#: Functions by the words that stand for them in `\operatorname{...}`, besides the names of the language.
WORDS = {
    "Tr": "tr", "Trace": "tr", "TR": "tr", "Diag": "diag", "Vec": "vec", "ReLU": "relu", "RELU": "relu", "Relu": "relu", "sgn": "sign",
    "Sigmoid": "sigmoid", "Softmax": "softmax", "softMax": "softmax", "ln": "log", "max": "maximum", "min": "minimum",
    "LogSumExp": "logsumexp", "lse": "logsumexp", "LSE": "logsumexp", "logit": "", "adjugate": "adj", "Det": "det", "GELU": "gelu",
    "SiLU": "silu", "logistic": "sigmoid", "Log": "log", "Exp": "exp", "CE": "crossentropy", "CrossEntropy": "crossentropy",
}  # fmt: skip

#: Operators, and the heads of forms that they make.
OPERATORS = {
    "\\odot": "times", "\\circ": "times", "\\oslash": "rdiv", "\\otimes": "kron", "\\cdot": "mul", "\\times": "cross",
    "*": "star", "\\ast": "star", "/": "div", "\\div": "div",
}  # fmt: skip
#: What stands for a transpose in a superscript.
TRANSPOSES = frozenset({"\\top", "T", "\\intercal", "\\transpose", "\\transp", "\\T", "\\tran"})

#: Environments whose content is a formula or rows of it.
DISPLAYS = frozenset(
    name + star
    for name in ("equation", "align", "gather", "multline", "eqnarray", "flalign", "displaymath", "math", "aligned", "gathered", "split", "alignedat")
    for star in ("", "*")
)  # fmt: skip
#: Environments of case distinctions.
CASES = frozenset({"cases", "dcases", "rcases"})
#: Relations; the value is what is wrong with one, or nothing for the equality.
RELATIONS = {
    "=": "", "\\equiv": "", "\\coloneqq": "definition", "\\triangleq": "definition", "\\doteq": "definition",
    "\\eqqcolon": "definition", ":=": "definition", "\\stackrel": "", "\\overset": "", "\\underset": "",
    **dict.fromkeys(
        "\\approx \\le \\leq \\leqslant \\ge \\geq \\geqslant \\sim \\simeq \\cong \\propto \\ll \\gg \\prec \\succ \\preceq"
        " \\succeq \\subset \\subseteq \\in \\notin \\neq \\ne \\lt \\gt < > \\to \\rightarrow \\mapsto \\leftarrow \\mid"
        " \\Rightarrow \\Leftarrow \\Leftrightarrow \\implies \\iff \\Longrightarrow \\perp \\parallel \\longrightarrow"
        " \\rightsquigarrow \\gets \\nleq \\lesssim \\gtrsim \\therefore \\because \\asymp \\vdash \\models".split(),
        "relation",
    ),
}  # fmt: skip
#: Commands that are known and not read, with what to do instead.
UNREAD = {
    "\\prod": "write the factors, or exp(sum(log(x)))",
    "\\int": "integrals are not read", "\\oint": "integrals are not read", "\\iint": "integrals are not read",
    "\\lim": "limits are not read",
    "\\infty": "only finite values are read",
    "\\argmax": "write the condition that the point satisfies", "\\argmin": "write the condition that the point satisfies",
    "\\sup": "write the value", "\\inf": "write the value",
    "\\over": "write \\frac{...}{...}", "\\atop": "write \\frac{...}{...}",
    "\\binom": "write it with numbers", "\\choose": "write it with numbers",
    "\\pm": "write one equation for each sign", "\\mp": "write one equation for each sign",
    "\\dagger": "values are real: write ^\\top for the transpose", "\\ddagger": "values are real: write ^\\top",
    "\\star": "write \\cdot, \\odot or \\otimes", "\\bullet": "write \\cdot or \\odot",
    "\\oplus": "write +", "\\ominus": "write -", "\\wedge": "write the product that is meant", "\\vee": "write \\max(a, b)",
    "\\ldots": "write the sum or the matrix by entries", "\\cdots": "write the sum or the matrix by entries",
    "\\dots": "write the sum or the matrix by entries", "\\vdots": "write the matrix by entries", "\\ddots": "write the matrix by entries",
    "\\dotsc": "write it by entries", "\\dotsb": "write it by entries",
    "\\forall": "leave it out, or put it into \\text{...} at the end", "\\exists": "leave it out",
    "\\newcommand": "macros are not expanded here", "\\def": "macros are not expanded here",
    "\\renewcommand": "macros are not expanded here", "\\DeclareMathOperator": "macros are not expanded here",
    "\\input": "files are not read", "\\include": "files are not read", "\\ref": "leave it out", "\\eqref": "leave it out",
    "\\cite": "leave it out", "\\footnote": "leave it out", "\\intertext": "verify the equations one by one",
    "\\middle": "write two fences", "\\hline": "tables are not read", "\\color": "leave it out", "\\textcolor": "leave it out",
    "\\cancel": "leave it out", "\\not": "write \\neq", "\\Re": "values are real", "\\Im": "values are real", "\\imath": "write i",
    "\\jmath": "write j", "\\hbar": "write h_bar",
    "\\lfloor": "it has no derivative", "\\rfloor": "it has no derivative", "\\lceil": "it has no derivative", "\\rceil": "it has no derivative",
    "\\substack": "write several sums", "\\ker": "it is no value", "\\dim": "write the size", "\\gcd": "it has no derivative",
    "\\Pr": "probabilities are not read", "\\mod": "it has no derivative", "\\bmod": "it has no derivative", "\\pmod": "it has no derivative",
    "\\mathds": "write \\mathbf{1}", "\\emptyset": "it is no value", "\\angle": "it is no value",
}  # fmt: skip
#: All commands that are known, for suggestions.
KNOWN = frozenset(
    word
    for word in (
        *LETTERS, *SPACES, *WITH_ARGUMENT, *SIZES, *OPENING, *CLOSING, *STYLES, *TEXTS, *ACCENTS, *FRACTIONS, *FUNCTIONS,
        *OPERATORS, "\\top", "\\intercal", "\\prime", "\\partial", "\\nabla", "\\sum", "\\sqrt", "\\begin", "\\end", "\\equiv", "\\neq",
        *WRAPPERS, *(word for word, hint in UNREAD.items() if hint),
    )
    if len(word) > 2 and word.startswith("\\")
)  # fmt: skip
