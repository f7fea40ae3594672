"""The box of rows, and the domain that a user gives."""

import numpy as np
import pytest

from skfourier._solvers._box import box_of, check_domain, check_inside


def test_box():
    low, high = box_of(np.array([[1.0, -2.0], [0.5, 3.0]], dtype=np.float32))
    assert low.tolist() == [0.5, -2.0]
    assert high.tolist() == [1.0, 3.0]
    assert low.dtype == float


def test_a_domain_has_a_row_for_each_column():
    low, high = check_domain([(0, 1), (-2, 2)], 2)
    assert (low.tolist(), high.tolist()) == ([0, -2], [1, 2])


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ((0, 1), r"array of shape \(2, 2\). Got shape \(2,\)"),
        ([[0, 1]], r"Got shape \(1, 2\)"),
        ([[0, 1], [1, 0]], "low first"),
        ([[0, 1], [0, np.nan]], "domain contains NaN"),
        ([[0, 1], [0, np.inf]], "domain contains infinity"),
    ],
)
def test_other_domains_are_refused(domain, words):
    with pytest.raises(ValueError, match=words):
        check_domain(domain, 2)


def test_rows_on_the_boundary_are_inside():
    low, high = np.zeros(2), np.ones(2)
    check_inside(np.array([[0.0, 1.0], [1.0, 0.0]]), low, high)
    check_inside(np.empty((0, 2)), low, high)
    for outside in ([1.5, 0.5], [0.5, -1e-12]):
        with pytest.raises(ValueError, match=r"columns reach from .* to .*, the domain from"):
            check_inside(np.array([[0.5, 0.5], outside]), low, high)
