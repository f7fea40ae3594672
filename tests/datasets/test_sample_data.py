"""The series and the picture that ship with the library."""

import numpy as np

from skfourier.datasets import load_sample_clouds, load_sample_series


def test_the_series_is_keelings():
    series = load_sample_series()
    assert series.year.shape == series.co2.shape == (2225,)
    weeks = np.diff(series.year) * 365.25 / 7
    np.testing.assert_allclose(weeks, np.round(weeks), atol=1e-6)
    assert np.count_nonzero(weeks > 1.5) > 10
    # His curve: 315 ppm in 1958, 370 in 2001, and a season of some 6.
    np.testing.assert_allclose(series.co2[[0, -1]], [316, 371], atol=1)
    assert "public domain" in series.DESCR


def test_the_picture_has_clouds_and_what_lies_beneath():
    picture = load_sample_clouds()
    assert picture.temperature.shape == picture.cloudy.shape == (100, 100)
    assert picture.cloudy.dtype == bool
    assert np.isfinite(picture.temperature).all()
    assert 30 < picture.temperature.min() < picture.temperature.max() < 55
    assert picture.longitude.shape == picture.latitude.shape == (100,)
    # Cells are of one size, about a kilometer.
    for degrees in (picture.longitude, picture.latitude):
        np.testing.assert_allclose(np.abs(np.diff(degrees)), 1 / 108, rtol=0.01)
    assert "no restrictions" in picture.DESCR
