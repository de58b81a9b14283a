from matcalc.verification import Verdict, verify
__all__ = ["Verdict", "verify"]
