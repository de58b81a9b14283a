"""The commands of LaTeX that matcalc prints, by what they are in MathML."""

from __future__ import annotations

__all__ = [
    "ACCENTS",
    "ALIGNED",
    "BINARY",
    "DELIMITERS",
    "FENCES",
    "FUNCTIONS",
    "IDENTIFIERS",
    "IGNORED",
    "OPENING",
    "RELATIONS",
    "SIZES",
    "SPACES",
    "TOGGLES",
    "UPRIGHT",
]

#: Letters and signs that are operands.
IDENTIFIERS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ",
    "sigma": "σ", "varsigma": "ς", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "vartheta": "ϑ", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π",
    "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "partial": "∂", "nabla": "∇", "infty": "∞",
    "ell": "ℓ", "top": "⊤", "dots": "…", "ldots": "…", "cdots": "⋯", "vdots": "⋮", "ddots": "⋱", "checkmark": "✓",
    "prime": "′", "_": "_",
}  # fmt: skip
#: Operators between two operands, and relations.
BINARY = {
    "cdot": "⋅", "times": "×", "odot": "⊙", "otimes": "⊗", "oslash": "⊘", "circ": "∘", "pm": "±", "oplus": "⊕",
    "setminus": "∖", "ast": "∗", "land": "∧", "lor": "∨", "wedge": "∧", "vee": "∨",
}  # fmt: skip
RELATIONS = {
    "neq": "≠", "ne": "≠", "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "in": "∈", "to": "→", "mapsto": "↦",
    "approx": "≈", "equiv": "≡", "sim": "∼", "lt": "<", "gt": ">", "Rightarrow": "⇒", "succ": "≻", "propto": "∝",
    "colon": ":", "mid": "∣",
}  # fmt: skip
FUNCTIONS = {
    "det", "log", "ln", "exp", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "max", "min",
    "sup", "inf", "arg", "lim", "dim", "ker",
}  # fmt: skip
#: Widths of spaces, in em.
SPACES = {
    ",": 0.1667, "thinspace": 0.1667, ":": 0.2222, ">": 0.2222, ";": 0.2778, "thickspace": 0.2778, "!": -0.1667,
    " ": 0.25, "space": 0.25, "~": 0.25, "quad": 1, "qquad": 2, "enspace": 0.5,
}  # fmt: skip
DELIMITERS = {
    "{": "{", "}": "}", "lbrace": "{", "rbrace": "}", "|": "‖", "Vert": "‖", "lVert": "‖", "rVert": "‖", "vert": "|",
    "lvert": "|", "rvert": "|", "langle": "⟨", "rangle": "⟩", "lceil": "⌈", "rceil": "⌉", "lfloor": "⌊", "rfloor": "⌋",
    "lbrack": "[", "rbrack": "]",
}  # fmt: skip
OPENING = {"(": ")", "[": "]", r"\lVert": r"\rVert", r"\lvert": r"\rvert", r"\{": r"\}"}
#: Delimiters that open and close alike.
TOGGLES = {"|", "\\|", "\\Vert", "\\vert"}
ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙", "ddot": "¨", "overline": "¯", "widehat": "^", "vec": "→"}
#: Sizes of delimiters; a browser finds its own, where both stand in one row.
SIZES = {"big", "Big", "bigg", "Bigg"}
#: Commands that have no meaning for a browser.
IGNORED = {"nolimits", "limits", "displaystyle", "textstyle", "mathstrut", "nonumber", "allowbreak", "strut"}
FENCES = {"matrix": ("", ""), "smallmatrix": ("", ""), "pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "vmatrix": ("|", "|")}
ALIGNED = {"align", "align*", "aligned", "split", "gather", "gather*", "gathered", "alignedat"}
#: Operand signs that are not italic.
UPRIGHT = dict.fromkeys(("infty", "top", "dots", "ldots", "cdots", "vdots", "ddots", "checkmark", "_"), ' mathvariant="normal"')
