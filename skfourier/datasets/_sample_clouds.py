"""The sample of a satellite picture with clouds."""

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch

_DATA = Path(__file__).parent / "data"


def load_sample_clouds() -> Any:
    """Load a satellite picture of ground temperature, 100 x 100 cells, and a mask of clouds.

    The clouds were there on another day, so that the temperature beneath them is known.

    MODIS data of NASA, which are free to use and to pass on.

    Returns
    -------
    Bunch
        With the attributes

        temperature : ndarray of shape (100, 100)
            Of the ground, in degrees Celsius.
        cloudy : ndarray of shape (100, 100)
            Whether a cloud hides the cell; 37 % of them.
        longitude, latitude : ndarray of shape (100,)
            Of the columns, and of the rows, in degrees.
        DESCR : str
            Where it is from.

    Examples
    --------
    >>> from skfourier.datasets import load_sample_clouds
    >>> picture = load_sample_clouds()
    >>> picture.temperature.shape, round(float(picture.cloudy.mean()), 2)
    ((100, 100), 0.37)
    """
    with np.load(_DATA / "clouds.npz", allow_pickle=False) as arrays:
        return Bunch(
            **arrays,
            DESCR=(_DATA / "clouds.txt").read_text(encoding="utf-8"),
        )
