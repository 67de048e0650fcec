"""I(P; N | T) by strata: against closed forms, and apart from what base rates alone explain."""

import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import combine_pvalues

from estimator.conditional_probes import combined
from estimator.data.probe_columns import ProbeColumn
from estimator.mutual_information.result import MutualInformation
from estimator.network import Probe
from estimator.network_arrays import pack, unpack
from estimator.network_file import load_network, save_network
from estimator.options import Options
from estimator.probes import measure_probes
from tests.networks import flow_network

OPTIONS = Options(target="t", probes=("p",), device="cpu")


def column(name: str, codes: np.ndarray, levels: int | None = None) -> ProbeColumn:
    counts = np.bincount(codes, minlength=levels or 0)
    named = tuple((f"{name}{i}", int(n)) for i, n in enumerate(counts))
    return ProbeColumn(name, "categorical", codes.astype(float), named)


def measured(t: np.ndarray, p: np.ndarray, X: np.ndarray, options: Options = OPTIONS) -> Probe:
    return measure_probes([column("t", t), column("p", p)], [X], options)[1]


def flipped(random: np.random.Generator, bits: np.ndarray, share: float) -> np.ndarray:
    return np.where(random.random(len(bits)) < share, 1 - bits, bits)


def channel(flips: float) -> float:
    """I of a fair bit and its copy with that share turned over, in nats."""
    return math.log(2) + flips * math.log(flips) + (1 - flips) * math.log(1 - flips)


def test_what_base_rates_explain_is_gone_when_the_target_is_known() -> None:
    """P and N are copies of T with noise, and independent given T."""
    random = np.random.default_rng(0)
    n = 4000
    t = random.integers(0, 2, n)
    p, x = flipped(random, t, 0.1), flipped(random, t, 0.1)
    probe = measured(t, p, x[:, None].astype(float))
    both = 0.1 * 0.9 * 2  # P and N differ where one of the two was turned over
    assert abs(probe.values[0].mi[0] - channel(both)) < 0.05
    assert probe.given_target is not None
    [given] = probe.given_target.values
    assert given.ci_high[0] < 0.005 and given.p_value[0] > 0.01
    assert abs(given.mi[0]) < 4 * given.se[0] + 1e-3


def test_what_the_target_does_not_explain_is_the_mean_of_the_strata() -> None:
    """N copies P with 10 % of the rows turned over where T = 0, 40 % where T = 1; T = 0 in 3 of 4 rows."""
    random = np.random.default_rng(1)
    n = 6000
    t = (random.random(n) < 0.25).astype(int)
    p = random.integers(0, 2, n)
    x = np.where(t == 0, flipped(random, p, 0.1), flipped(random, p, 0.4))
    probe = measured(t, p, x[:, None].astype(float))
    assert probe.given_target is not None
    [given] = probe.given_target.values
    truth = 0.75 * channel(0.1) + 0.25 * channel(0.4)
    # of each stratum sqrt(f (1 - f) / n_t) ln((1 - f) / f), and of the shares sd(I_t) / sqrt(n)
    terms = [(0.75, 0.1), (0.25, 0.4)]
    within = sum(w * f * (1 - f) * math.log((1 - f) / f) ** 2 for w, f in terms) / n
    between = 0.75 * 0.25 * (channel(0.1) - channel(0.4)) ** 2 / n
    assert given.se[0] == pytest.approx(math.sqrt(within + between), rel=0.1)
    assert abs(given.mi[0] - truth) < 4 * math.sqrt(within + between)
    assert given.q_value[0] < 1e-6


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    hits = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        t, p = random.integers(0, 3, 900), random.integers(0, 2, 900)
        probe = measured(t, p, flipped(random, p, 0.2)[:, None].astype(float))
        assert probe.given_target is not None
        [given] = probe.given_target.values
        hits += given.ci_low[0] <= channel(0.2) <= given.ci_high[0]
    assert hits >= 51  # of 60 at 95 %; 50 or fewer would be one in 5,000


def test_independence_given_the_target_is_rejected_as_often_as_alpha_says() -> None:
    p_values = []
    for seed in range(40):
        random = np.random.default_rng(100 + seed)
        t = random.integers(0, 2, 400)
        p, X = flipped(random, t, 0.2), t[:, None] + random.normal(size=(400, 5))
        given = measured(t, p, X).given_target
        assert given is not None
        p_values += given.values[0].p_value.tolist()
    # 200 p-values, uniform: below 0.05 expected 10, sd 3.1; their mean 0.5, sd 0.02
    assert sum(value < 0.05 for value in p_values) <= 22
    assert abs(float(np.mean(p_values)) - 0.5) < 0.1


def test_small_strata_are_named_with_their_rows_and_not_measured() -> None:
    random = np.random.default_rng(2)
    t = np.repeat([0, 1, 2], [300, 200, 3])
    p = random.integers(0, 2, len(t))
    probe = measured(t, p, flipped(random, p, 0.2)[:, None].astype(float))
    given = probe.given_target
    assert given is not None
    assert [(s.level, s.rows, s.measured) for s in given.strata] == [
        ("t0", 300, True), ("t1", 200, True), ("t2", 3, False),
    ]  # fmt: skip
    assert given.share_left_out == pytest.approx(3 / 503)


def test_without_a_stratum_large_enough_nothing_is_measured() -> None:
    t = np.arange(60) % 3
    probe = measured(t, np.arange(60) // 2 % 2, np.random.default_rng(0).normal(size=(60, 2)))
    assert probe.given_target is not None
    assert probe.given_target.values == () and probe.given_target.share_left_out == 1.0


def test_a_stratum_in_which_the_probe_has_one_value_adds_nothing() -> None:
    random = np.random.default_rng(3)
    t = np.repeat([0, 1], 500)
    p = np.where(t == 0, 0, random.integers(0, 2, 1000))
    probe = measured(t, p, flipped(random, p, 0.2)[:, None].astype(float))
    assert probe.given_target is not None
    [given] = probe.given_target.values
    assert given.mi[0] == pytest.approx(0.5 * channel(0.2), abs=0.04)
    assert given.p_value[0] < 1e-6


def test_the_target_itself_and_a_numeric_target_have_none() -> None:
    random = np.random.default_rng(4)
    t, p, X = random.integers(0, 2, 100), random.integers(0, 2, 100), random.normal(size=(100, 2))
    target = measure_probes([column("t", t), column("p", p)], [X], OPTIONS)[0]
    assert target.given_target is None
    numeric = ProbeColumn("t", "numeric", random.normal(size=100))
    assert measure_probes([numeric, column("p", p)], [X], OPTIONS)[1].given_target is None
    no_target = Options(probes=("t", "p"), device="cpu")
    assert measure_probes([column("t", t), column("p", p)], [X], no_target)[1].given_target is None


def test_the_strata_are_put_together_as_the_formulas_say() -> None:
    """Two strata of 100 and 300 rows, one pair untested in the first; against scipy's Fisher."""

    def term(mi: float, se: float, p: float) -> MutualInformation:
        flag = np.array([[False]])
        numbers = {name: np.array([[value]]) for name, value in (("mi", mi), ("se", se), ("p_value", p))}
        rest = {name: np.array([[np.nan]]) for name in ("ci_low", "ci_high", "q_value", "ceiling")}
        return MutualInformation(
            **numbers, **rest, saturated=~flag, lower_bound=flag, method=np.array([["convex"]])
        )

    rows = np.array([100, 300])
    both = combined([term(0.4, 0.04, 0.02), term(0.2, 0.02, 0.3)], np.ones((2, 1, 1), bool), rows)
    assert both.mi[0, 0] == pytest.approx(0.25 * 0.4 + 0.75 * 0.2)
    between = 0.25 * 0.75 * 0.2**2 / 400
    assert both.se[0, 0] == pytest.approx(math.sqrt((0.25 * 0.04) ** 2 + (0.75 * 0.02) ** 2 + between))
    assert both.p_value[0, 0] == pytest.approx(combine_pvalues([0.02, 0.3], "fisher").pvalue)
    assert both.saturated[0, 0]
    one = combined([term(0, 0, 1.0), term(0.2, 0.02, 0.3)], np.array([[[False]], [[True]]]), rows)
    assert one.p_value[0, 0] == pytest.approx(0.3)
    none = combined([term(0, 0, 1.0), term(0, 0, 1.0)], np.zeros((2, 1, 1), bool), rows)
    assert (none.p_value[0, 0], none.tested[0, 0]) == (1.0, False)
    tiny = combined([term(1, 0.1, 1e-300), term(1, 0.1, 1e-300)], np.ones((2, 1, 1), bool), rows)
    assert tiny.p_value[0, 0] > 0


def test_progress_reaches_its_end() -> None:
    told: list[tuple[int, int]] = []
    random = np.random.default_rng(5)
    t, p = random.integers(0, 2, 200), random.integers(0, 2, 200)
    columns = [column("t", t), column("p", p)]
    measure_probes(
        columns, [random.normal(size=(200, 3))], OPTIONS, lambda phase, done, of: told.append((done, of))
    )
    assert told[-1][0] == told[-1][1]
    assert all(0 <= done <= of and of == told[0][1] for done, of in told)


def test_a_file_keeps_it_bit_for_bit(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    t, p = np.repeat([0, 1, 2], [100, 100, 5]), random.integers(0, 2, 205)
    probe = measured(t, p, random.normal(size=(205, 2)))
    network = flow_network([2, 1], {(0, 1): [[0.1], [0.2]]}, probes=(probe,))
    save_network(network, tmp_path / "network.nif")
    for read in (load_network(tmp_path / "network.nif"), unpack(*pack(network))):
        again = read.probes[0].given_target
        assert again is not None and probe.given_target is not None
        assert (again.target, again.strata) == (probe.given_target.target, probe.given_target.strata)
        pairs = list(zip(again.values, probe.given_target.values, strict=True))
        for name, (a, b) in product(("mi", "se", "p_value", "q_value"), pairs):
            assert getattr(a, name).tobytes() == getattr(b, name).tobytes()
    header, arrays = pack(network)
    del header["probes"][0]["given_target"]  # as an older version wrote it
    assert unpack(header, arrays).probes[0].given_target is None
