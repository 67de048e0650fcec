"""Pairs of columns whose mutual information is known, to judge estimators by.

How each truth is known is said at each task: a closed form, a sum over a table of probabilities, or
quadrature of the density, all of the pointwise mutual information i(x, y) = ln p(x, y)/(p(x) p(y)). Its mean
is I(X; Y); its sd over sqrt(n) is the floor, the error of one who knows i and averages it over n rows.

kinds: "smooth" and "discrete" are what an estimator should get right; "sharp" ones have densities with a
jump, fine oscillation or no noise at all.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, ndtr, ndtri, polygamma, stdtrit
from scipy.stats import multivariate_normal, norm, poisson
from scipy.stats import t as student

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], tuple[Floats, Floats]]

# Trapezoids on a standard normal's axis: for densities that vanish at both ends the error falls faster
# than any power of the step.
NODES = np.linspace(-8.5, 8.5, 801)
STEP = NODES[1] - NODES[0]


@dataclass(frozen=True)
class Task:
    """draw(random, n) gives x (n,) and y (n,); mi in nats; sd of the pointwise mutual information."""

    name: str
    kind: str
    draw: Draw
    mi: float
    sd: float

    def floor(self, n: int) -> float:
        return self.sd / math.sqrt(n)


def from_table(table: Floats) -> tuple[float, float]:
    """Mean and sd of i for joint probabilities (K, L), or for a density on nodes times their weights."""
    table = table / table.sum()
    expected = table.sum(1, keepdims=True) * table.sum(0)
    at = table > 0
    pointwise = np.log(table[at] / expected[at])
    mean = float(table[at] @ pointwise)
    return mean, math.sqrt(max(0.0, float(table[at] @ pointwise**2) - mean**2))


def normal_pair(rho: float) -> Draw:
    def draw(random: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        x, e = random.standard_normal((2, n))
        return x, rho * x + math.sqrt(1 - rho**2) * e

    return draw


def gaussian(rho: float, kind: str = "smooth") -> Task:
    """I = -ln(1 - rho^2)/2. i is a quadratic form in two normals, of variance rho^2."""
    return Task(f"Gaussian {rho:g}", kind, normal_pair(rho), -math.log(1 - rho**2) / 2, abs(rho))


def t_copula(rho: float, freedom: float) -> Task:
    """Student's t: quadrature of the copula's density, which depends on the ranks alone."""

    def draw(random: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        scale = np.sqrt(freedom / random.chisquare(freedom, n))
        x, y = normal_pair(rho)(random, n)
        return x * scale, y * scale

    # Quantiles in the lower half only, where 1 - u loses no digits.
    t = -np.sign(NODES) * stdtrit(freedom, ndtr(-abs(NODES)))
    x, y = t[:, None], t[None, :]
    form = (x**2 - 2 * rho * x * y + y**2) / (1 - rho**2)
    log_joint = -(freedom + 2) / 2 * np.log1p(form / freedom) - math.log(2 * math.pi * math.sqrt(1 - rho**2))
    one = norm.logpdf(NODES) - student.logpdf(t, freedom)
    return Task(
        f"Student {freedom:g}, {rho:g}", "smooth", draw, *from_table(np.exp(log_joint + one[:, None] + one))
    )


def clayton(theta: float) -> Task:
    """Quadrature of the copula's density (1 + t)(uv)^(-1-t) (u^-t + v^-t - 1)^(-2-1/t)."""

    def draw(random: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        u, w = random.random((2, n))
        return u, ((w ** (-theta / (1 + theta)) - 1) * u**-theta + 1) ** (-1 / theta)

    log_u = norm.logcdf(NODES)
    powers = np.exp(-theta * log_u)
    log_c = -(1 + theta) * (log_u[:, None] + log_u) - (2 + 1 / theta) * np.log(powers[:, None] + powers - 1)
    weight = norm.logpdf(NODES)
    return Task(f"Clayton {theta:g}", "smooth", draw, *from_table(np.exp(log_c + weight[:, None] + weight)))


def noisy(name: str, kind: str, centre: Callable[[Floats], Floats], width: Callable[[Floats], Floats],
          low: float, high: float) -> Task:  # fmt: skip
    """x normal, y = centre(x) + width(x) e: quadrature of p(x) p(y|x) over y in [low, high]."""

    def draw(random: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        x, e = random.standard_normal((2, n))
        return x, centre(x) + width(x) * e

    y = np.linspace(low, high, 1201)
    x = np.linspace(-7.0, 7.0, 801)
    density = norm.pdf(y, loc=centre(x)[:, None], scale=width(x)[:, None])
    return Task(name, kind, draw, *from_table(density * norm.pdf(x)[:, None]))


def cut(name: str, rho: float, low: float, high: float, low_y: float, high_y: float) -> Task:
    """A normal pair, clipped: atoms at the ends by the normal's cdf, by quadrature between them."""

    def draw(random: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        x, y = normal_pair(rho)(random, n)
        return np.clip(x, low, high), np.clip(y, low_y, high_y)

    spread = math.sqrt(1 - rho**2)
    x, x_weights = _between(low, high)
    y, y_weights = _between(low_y, high_y)

    def conditional(edges: tuple[float, float], given: Floats) -> Floats:
        """P(below the lower edge), P(above the upper one), given the other: (2, m)."""
        return np.stack(
            [norm.cdf((edges[0] - rho * given) / spread), norm.sf((edges[1] - rho * given) / spread)]
        )

    inside = norm.pdf(x)[:, None] * norm.pdf((y - rho * x[:, None]) / spread) / spread
    inside *= x_weights[:, None] * y_weights
    y_ends = conditional((low_y, high_y), x) * (norm.pdf(x) * x_weights)
    x_ends = conditional((low, high), y) * (norm.pdf(y) * y_weights)
    corners = [
        [_corner(s * a, t * b, s * t * rho) for t, b in ((1, low_y), (-1, high_y))]
        for s, a in ((1, low), (-1, high))
    ]
    return Task(
        name, "smooth", draw, *from_table(np.block([[np.array(corners), x_ends], [y_ends.T, inside]]))
    )


def _between(low: float, high: float) -> tuple[Floats, Floats]:
    """Gauss-Legendre on the part of the axis that matters."""
    low, high = max(low, -8.5), min(high, 8.5)
    nodes, weights = np.polynomial.legendre.leggauss(400)
    return (low + high) / 2 + (high - low) / 2 * nodes, weights * (high - low) / 2


def _corner(a: float, b: float, rho: float) -> float:
    """P(X < a, Y < b)."""
    if not (math.isfinite(a) and math.isfinite(b)):
        return 0.0
    return float(multivariate_normal.cdf([a, b], cov=[[1, rho], [rho, 1]]))


def table_task(name: str, table: Floats) -> Task:
    """Categories by their joint probabilities: a sum."""

    def draw(random: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        cells = random.choice(table.size, n, p=table.ravel() / table.sum())
        return (cells // table.shape[1]).astype(float), (cells % table.shape[1]).astype(float)

    return Task(name, "discrete", draw, *from_table(table))


def quantised(rho: float, levels: int) -> Task:
    """A normal pair in equal bins of its ranks: cells by quadrature over x of the normal's cdf given x."""
    edges = ndtri(np.arange(1, levels) / levels)

    def draw(random: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        x, y = normal_pair(rho)(random, n)
        return np.digitize(x, edges).astype(float), np.digitize(y, edges).astype(float)

    table = np.zeros((levels, levels))
    bounds = np.concatenate([[-9.0], edges, [9.0]])
    for k in range(levels):
        x, weights = _between(bounds[k], bounds[k + 1])
        cdf = norm.cdf((np.append(edges, np.inf) - rho * x[:, None]) / math.sqrt(1 - rho**2))
        table[k] = (norm.pdf(x) * weights) @ np.diff(cdf, axis=1, prepend=0.0)
    return Task(f"quantised {levels}, {rho:g}", "discrete", draw, *from_table(table))


def counts(slope: float) -> Task:
    """y a Poisson count of mean exp(slope x), x normal: quadrature over x, a sum over y."""

    def draw(random: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        x = random.standard_normal(n)
        return x, random.poisson(np.exp(slope * x)).astype(float)

    table = poisson.pmf(np.arange(400), np.exp(slope * NODES)[:, None]) * norm.pdf(NODES)[:, None]
    return Task(f"Poisson {slope:g}", "discrete", draw, *from_table(table))


def additive_uniform(half: float) -> Task:
    """x uniform on [0, 1], y = x + e, e uniform on [-half, half]: the density of y is a trapezoid.

    i = -ln(2 half) - ln f(y). On the plateau f = h = min(1, 1/(2 half)); on the two ramps of width
    min(1, 2 half), together of probability h width, f = h t with t of density 2t: E ln t = -1/2 and
    E ln^2 t = 1/2.
    """

    def draw(random: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        x, e = random.random((2, n))
        return x, x + half * (2 * e - 1)

    h, width = min(1.0, 1 / (2 * half)), min(1.0, 2 * half)
    base, ramps = -math.log(2 * half) - math.log(h), h * width
    return Task(
        f"uniform noise {half:g}", "sharp", draw, base + ramps / 2, math.sqrt(ramps / 2 - (ramps / 2) ** 2)
    )


def exponential_noise() -> Task:
    """x and e exponential, y = x + e: i = x - ln y, so I = 1 - digamma(2) = .5772, Euler's constant.

    x = y U with U uniform, so Cov(x, ln y) = digamma(3) - digamma(2) = 1/2 and Var i = 1 + trigamma(2) - 1.
    """

    def draw(random: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        x, e = random.exponential(size=(2, n))
        return x, x + e

    return Task("exponential noise", "sharp", draw, 1 - float(digamma(2)), math.sqrt(float(polygamma(1, 2))))


def function_of_x() -> Task:
    """y = x^3, no noise: I is infinite, and any number is a lower bound."""

    def draw(random: np.random.Generator, n: int) -> tuple[Floats, Floats]:
        x = random.standard_normal(n)
        return x, x**3

    return Task("y = f(x)", "sharp", draw, math.inf, math.inf)


@cache
def tasks() -> tuple[Task, ...]:
    """All of them; the smooth and discrete ones first."""
    return (
        gaussian(0.3),
        gaussian(0.6),
        gaussian(0.9),
        t_copula(0.5, 3),
        clayton(2.0),
        noisy("heteroscedastic", "smooth", lambda x: 0 * x, lambda x: 0.3 + abs(x), -45, 45),
        noisy("x^2 + noise", "smooth", lambda x: x**2, lambda x: 0.5 + 0 * x, -3, 52),
        cut("ReLU 0.8", 0.8, 0.0, math.inf, 0.0, math.inf),
        cut("clipped 0.7", 0.7, -math.inf, math.inf, -1.0, 0.5),
        table_task("binary", np.array([[0.45, 0.05], [0.1, 0.4]])),
        table_task("rare binary", np.array([[0.93, 0.02], [0.02, 0.03]])),
        table_task("categories 4 x 3", np.array([[8, 1, 1], [1, 7, 2], [2, 2, 5], [6, 1, 4.0]])),
        quantised(0.7, 16),
        counts(0.7),
        gaussian(0.99, "sharp"),
        additive_uniform(0.75),
        additive_uniform(0.1),
        exponential_noise(),
        noisy("sin(8x) + noise", "sharp", lambda x: np.sin(8 * x), lambda x: 0.3 + 0 * x, -4, 4),
        function_of_x(),
    )
