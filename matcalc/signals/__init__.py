"""Error signals of programs with a scalar output: which values carry them, what they are, how that is claimed."""

from matcalc.signals.definitions import Definitions, definitions_of
from matcalc.signals.parting import parted
from matcalc.signals.setting import Setting
from matcalc.signals.tangents import has_tangents, tangents_of
from matcalc.signals.values import Values, takes_derivatives

__all__ = ["Definitions", "Setting", "Values", "definitions_of", "has_tangents", "parted", "takes_derivatives", "tangents_of"]
