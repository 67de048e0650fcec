"""Products of many doubles without rounding, to order paths by."""

import math
from dataclasses import dataclass

from estimator.errors import LimitExceeded, Place

BITS = 53  # of a double's mantissa


@dataclass(frozen=True)
class ExactProduct:
    """Exactly mantissa * 2**exponent; the default is 1."""

    mantissa: int = 1
    exponent: int = 0

    @classmethod
    def of(cls, value: float) -> "ExactProduct":
        """A double above 0, as it is."""
        fraction, exponent = math.frexp(value)
        return cls(int(fraction * 2**BITS), exponent - BITS)

    def __mul__(self, other: "ExactProduct") -> "ExactProduct":
        return ExactProduct(self.mantissa * other.mantissa, self.exponent + other.exponent)

    def falling(self, bits: int) -> tuple[int, int]:
        """A key that sorts larger products first; `bits`: the most that any mantissa compared has."""
        length = self.mantissa.bit_length()
        return -(length + self.exponent), -(self.mantissa << (bits - length))

    def rounded(self) -> float:
        """The nearest double; 0 below the smallest. Raises LimitExceeded above the largest."""
        try:
            if self.exponent < 0:
                return self.mantissa / (1 << -self.exponent)
            return float(self.mantissa << self.exponent)
        except OverflowError:
            detail = "the product of nif along a path is larger than 1.8e308; read it with a larger beta"
            raise LimitExceeded(detail, errors=[Place(detail, field="beta")]) from None
