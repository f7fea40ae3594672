"""The sample series: carbon dioxide at Mauna Loa."""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch

_DATA = Path(__file__).parent / "data"
_DAYS_PER_YEAR = 365.25


def load_sample_series() -> Any:
    """Load carbon dioxide concentrations at Mauna Loa: a trend, a season, and missing weeks.

    2,225 weekly means from March 1958 to December 2001, by C. D. Keeling and T. P. Whorf; in the
    public domain.

    Returns
    -------
    Bunch
        With the attributes

        year : ndarray of shape (2225,)
            Time in years of 365.25 days, such as 1958.24.
        co2 : ndarray of shape (2225,)
            Parts per million.
        DESCR : str
            Where it is from.

    Examples
    --------
    >>> from skfourier.datasets import load_sample_series
    >>> series = load_sample_series()
    >>> series.year[:2].round(2), series.co2[:2]
    (array([1958.24, 1958.26]), array([316.1, 317.3]))
    """
    table = np.loadtxt(_DATA / "mauna_loa.csv", delimiter=",", skiprows=1, dtype=str)
    days = table[:, 0].astype("datetime64[D]").astype(float)  # since 1970
    return Bunch(
        year=1970 + days / _DAYS_PER_YEAR,
        co2=table[:, 1].astype(float),
        DESCR=(_DATA / "mauna_loa.txt").read_text(encoding="utf-8"),
    )
