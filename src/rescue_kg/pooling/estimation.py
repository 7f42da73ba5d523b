"""A random-effects model of some figures: REML with a Hartung-Knapp interval, through PyMARE."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rescue_kg.errors import InputError, NotAvailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LEVEL", "Fit", "fit"]

#: The level of every interval that is computed here.
LEVEL: Final = 0.95

#: PyMARE's default stops at about eight digits of the search variable.
_TOLERANCE: Final = 1e-12


@dataclass(frozen=True)
class Fit:
    """What a random-effects model of k figures gives, on the scale of the figures.

    `low` and `high` are the 95 % Hartung-Knapp interval (t with k-1 degrees of freedom) with the scale
    factor held at 1 or above; `floored` says that this made it wider, and `plain_low` and `plain_high` are
    what it would be without. `prediction_low` and `prediction_high` (t with k-2) are None for k = 2.
    `weights` add up to 1; `i2` is in percent.
    """

    estimate: float
    se: float
    low: float
    high: float
    plain_low: float
    plain_high: float
    floored: bool
    prediction_low: float | None
    prediction_high: float | None
    tau2: float
    i2: float
    q: float
    q_df: int
    q_p: float
    weights: tuple[float, ...]


def fit(figures: Sequence[float], variances: Sequence[float]) -> Fit:
    """Return the random-effects model of figures with known sampling variances.

    The between-study variance is the REML estimate, Q and I^2 are those of the fixed-effect model (I^2 = (Q -
    df) / Q: Higgins and Thompson, Stat Med 2002;21:1539-1558, doi:10.1002/sim.1186). The interval is that of
    Hartung and Knapp (IntHout, Ioannidis and Borm, BMC Med Res Methodol 2014;14:25,
    doi:10.1186/1471-2288-14-25) with the scale factor held at 1 or above (Roever, Knapp and Friede, BMC Med
    Res Methodol 2015;15:99, doi:10.1186/s12874-015-0091-1), so that agreement by chance between few studies
    does not make it narrower than the classical one. The prediction interval is estimate +- t(k-2)
    sqrt(tau^2 + se^2) (Higgins, Thompson and Spiegelhalter, J R Stat Soc A 2009;172:137-159,
    doi:10.1111/j.1467-985X.2008.00552.x), with the se of the Hartung-Knapp interval (Partlett and Riley, Stat
    Med 2017;36:301-317, doi:10.1002/sim.7140).

    Raises InputError for fewer than two figures or a variance that is not above 0, NotAvailableError without
    PyMARE.
    """
    if len(figures) < 2 or len(figures) != len(variances):
        raise InputError(
            f"found {len(figures)} figures and {len(variances)} variances, expected at least two of each"
        )
    if not all(math.isfinite(one) for one in figures) or not all(0 < one < math.inf for one in variances):
        raise InputError("found a figure that is no number or a variance that is not above 0")
    estimators, core, stats = _engine()
    data = core.Dataset(y=list(figures), v=list(variances))

    def interval(correction: str) -> tuple[float, float, float, float, float]:
        model = estimators.VarianceBasedLikelihoodEstimator(
            method="REML", small_sample_correction=correction, xtol=_TOLERANCE
        )
        summary = model.fit_dataset(data).summary()
        found = summary.get_fe_stats(alpha=1 - LEVEL)
        effect, se, low, high = (float(found[key].item()) for key in ("est", "se", "ci_l", "ci_u"))
        return effect, se, low, high, float(summary.tau2.item())

    estimate, se, low, high, tau2 = interval("knapp-hartung-conservative")
    _, plain_se, plain_low, plain_high, _ = interval("knapp-hartung")
    inverse = [1 / one for one in variances]
    common = sum(w * y for w, y in zip(inverse, figures, strict=True)) / sum(inverse)
    q = sum(w * (y - common) ** 2 for w, y in zip(inverse, figures, strict=True))
    count = len(figures)
    reach = None
    if count > 2:
        reach = float(stats.t.ppf((1 + LEVEL) / 2, count - 2)) * math.sqrt(tau2 + se**2)
    weights = [1 / (one + tau2) for one in variances]
    return Fit(
        estimate=estimate,
        se=se,
        low=low,
        high=high,
        plain_low=plain_low,
        plain_high=plain_high,
        floored=plain_se < se * (1 - 1e-9),
        prediction_low=None if reach is None else estimate - reach,
        prediction_high=None if reach is None else estimate + reach,
        tau2=tau2,
        i2=max(0.0, 100 * (q - count + 1) / q) if q > 0 else 0.0,
        q=q,
        q_df=count - 1,
        q_p=float(stats.chi2.sf(q, count - 1)),
        weights=tuple(one / sum(weights) for one in weights),
    )


def _engine() -> tuple[Any, Any, Any]:
    """Return the modules of PyMARE and of scipy that are used here, imported on the first call."""
    try:
        # PyMARE leaves a file of its own open while it is imported.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            from pymare import core, estimators
        from scipy import stats
    except ImportError as error:
        raise NotAvailableError("PyMARE is not installed: pip install 'rescue-kg[pool]'") from error
    return estimators, core, stats
