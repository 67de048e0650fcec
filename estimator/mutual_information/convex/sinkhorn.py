"""The bound of a batch of pairs at given W, with a and b scaled towards the margins.

For a pair the critic is T(x, y) = A(x)'W B(y) + a(x) + b(y), A and B the orthonormal features. Its bound

    F(W, a, b) = <S, W> + <w_x, a> + <w_y, b> - log sum w_x w_y exp(T) - <W, ridge * W> / 2

(Belghazi et al. 2018, arXiv:1801.04062, eq. 10, the expectation over the product of the margins being a
sum over the grid) is concave in all three. S is the sample's mean of A B', w the nodes' weights. For
fixed W the best a and b are Sinkhorn's scalings, for p = w_x w_y exp(T)/Z has the margins w_x and w_y.
"""

from dataclasses import dataclass, fields

from torch import Tensor

TINY = 1e-30


@dataclass(frozen=True)
class Batch:
    """B pairs: scores S (B, d, d), features (B, G, d) and weights (B, G) of both sides, ridge (B, d, d).

    n: the rows that S is a mean of.
    """

    scores: Tensor
    left: Tensor
    right: Tensor
    left_weights: Tensor
    right_weights: Tensor
    ridge: Tensor
    n: int

    def take(self, index: Tensor) -> "Batch":
        taken = {f.name: getattr(self, f.name).index_select(0, index) for f in fields(self)[:-1]}
        return Batch(**taken, n=self.n)


@dataclass(frozen=True)
class Potentials:
    """a (B, G), b (B, G), p (B, G, G) with its margins, and the bound (B,) with and without the ridge."""

    a: Tensor
    b: Tensor
    p: Tensor
    bound: Tensor
    penalised: Tensor

    def take(self, index: Tensor) -> "Potentials":
        return Potentials(*(getattr(self, f.name).index_select(0, index) for f in fields(self)))

    def put(self, index: Tensor, other: "Potentials") -> None:
        for f in fields(self):
            getattr(self, f.name)[index] = getattr(other, f.name)


def sinkhorn(batch: Batch, W: Tensor, a: Tensor, b: Tensor, sweeps: int = 2) -> Potentials:
    """Scale a and b towards the margins, starting from where they are."""
    T = (batch.left @ W) @ batch.right.mT
    T += a[:, :, None]
    T += b[:, None, :]
    rows = T.amax(2)
    T -= rows[:, :, None]
    columns = T.amax(1)
    T -= columns[:, None, :]
    E = T.exp_()
    # The row scaling starts at what the maxima took away, so that the warm start is kept.
    r = (rows - rows.amax(1, keepdim=True)).exp_()
    for _ in range(sweeps):
        c = (E.mT @ (batch.left_weights * r)[:, :, None])[:, :, 0].clamp_min_(TINY).reciprocal_()
        r = (E @ (batch.right_weights * c)[:, :, None])[:, :, 0].clamp_min_(TINY).reciprocal_()
    a = a - rows + r.log()
    b = b - columns + c.log()
    p = E.mul_((batch.left_weights * r)[:, :, None]).mul_((batch.right_weights * c)[:, None, :])
    Z = p.sum((1, 2))
    p /= Z[:, None, None]
    b -= Z.log()[:, None]
    # In float64: the terms are of the size of T and nearly cancel, and rungs are chosen by small differences.
    bound = (
        (batch.scores.double() * W).sum((1, 2))
        + (batch.left_weights.double() * a).sum(1)
        + (batch.right_weights.double() * b).sum(1)
    )
    penalised = bound - 0.5 * (batch.ridge * W * W).sum((1, 2))
    return Potentials(a, b, p, bound.float(), penalised.float())


def alone(index: Tensor) -> Tensor:
    """A pair alone is computed twice: torch multiplies a matrix by a vector in another order, and so to
    other bits, when there is one in the batch; otherwise a pair's bits don't depend on its neighbours."""
    return index.repeat(2) if len(index) == 1 else index
