"""Functions of a symmetric matrix times vectors, by products with the matrix alone."""

import math

import numpy as np
from scipy import fft
from sklearn.utils import gen_batches

# Polynomials that are held at once, to be added up by one product of matrices.
_POLYNOMIALS_PER_BLOCK = 16
# Places where an expansion is compared with its function: down to the rounding of eigenvalues, a
# dozen in each power of ten; and degrees that are evaluated there at once, 16 MB.
_LEAST, _N_CHECKS, _DEGREES_A_BLOCK = 1e-16, 193, 8192
# Norms above that of the vector come from eigenvalues outside of the interval; rounding is below.
_GROWTH = 1 + 1e-6


def chebyshev_coefficients(function, upper, tol, most=2**20):
    r"""Expand functions on [0, upper] in Chebyshev polynomials, up to an error of `tol`.

    .. math:: g(\lambda) \approx \sum_{j=0}^{d} c_j T_j(2 \lambda / u - 1), \qquad
              \sum_{j > d} |c_j| \le \mathrm{tol}

    The functions are interpolated in more and more points until the coefficients have decayed,
    and those at the end are dropped which together are below `tol`: a bound of the error, since
    :math:`|T_j| \le 1`. They may change at any scale of :math:`\lambda`, as those of many steps do
    near 0: the error is looked at on a logarithmic scale too. For :math:`(1 - \lambda)^t` on
    [0, 1] the degree grows as :math:`\sqrt{t \log(1 / \mathrm{tol})}`. Below the rounding of the
    values nothing is resolved.

    Parameters
    ----------
    function : callable
        Eigenvalues of shape (n,) to values of shape (n_functions, n).
    upper : float
    tol : float
        Largest error of each function, absolute.
    most : int, default=2**20
        Most points.

    Returns
    -------
    ndarray of shape (n_functions, degree + 1)

    Raises
    ------
    ValueError
        If so many points do not resolve the functions.

    References
    ----------
    L. N. Trefethen, "Approximation theory and approximation practice", 2013, chapters 4 and 8.
    """
    checks = upper * np.append(0, np.geomspace(_LEAST, 1, _N_CHECKS))
    n_points = 32
    while n_points <= most:
        # (1 + cos a) / 2 = sin^2((pi - a) / 2): small ones keep their digits.
        halves = (np.arange(n_points)[::-1] + 0.5) * (math.pi / (2 * n_points))
        values = function(upper * np.sin(halves) ** 2)
        coefficients = fft.dct(values, axis=1) / n_points
        coefficients[:, 0] /= 2
        # What a coefficient is made of besides itself, those aliased on it, is smaller still.
        tails = np.cumsum(np.abs(coefficients[:, ::-1]), axis=1)[:, ::-1].max(axis=0)
        rounding = np.finfo(float).eps * math.sqrt(n_points) * np.abs(values).max()
        degree = int(np.count_nonzero(tails > max(tol / 2, rounding)))
        kept = coefficients[:, : max(degree, 1)]
        # What happens near 0 alone may have fallen between the points, and no tail tells.
        if degree <= n_points // 2 and _error(kept, function, upper, checks) <= tol + rounding:
            return kept
        n_points *= 2
    raise ValueError(
        f"The functions asked for need polynomials of a degree above {most // 2:,}, a product with "
        f"the kernel matrix each. Ask for fewer steps, or a larger tol."
    )


def _error(coefficients, function, upper, eigenvalues):
    """Return the largest error of expansions at these eigenvalues."""
    # arccos(2 x / u - 1), without losing the digits of small x.
    angles = math.pi - 2 * np.arcsin(np.sqrt(eigenvalues / upper))
    expansion = np.zeros((len(coefficients), len(eigenvalues)))
    for block in gen_batches(coefficients.shape[1], _DEGREES_A_BLOCK):
        degrees = np.arange(block.start, block.stop)
        expansion += coefficients[:, block] @ np.cos(np.outer(degrees, angles))
    return np.abs(expansion - function(eigenvalues)).max()


def apply_polynomials(coefficients, upper, product, vectors):
    r"""Evaluate :math:`\sum_j c_j T_j(2 A / u - 1)\, v` for many polynomials and one array of v.

    .. math:: T_{j+1} v = 2 (2 A / u - 1)\, T_j v - T_{j-1} v

    Parameters
    ----------
    coefficients : ndarray of shape (n_functions, degree + 1)
    upper : float
        u, at least the largest eigenvalue of A; none is negative.
    product : callable
        Multiplies an array like `vectors` by A.
    vectors : ndarray

    Returns
    -------
    ndarray of shape (n_functions, *vectors.shape)

    Raises
    ------
    ValueError
        If an eigenvalue is found to lie outside of [0, u].
    """
    result = np.zeros((len(coefficients), vectors.size))
    size = np.linalg.norm(vectors)
    block: list[np.ndarray] = []
    for j in range(coefficients.shape[1]):
        if j == 0:
            last, now = np.zeros_like(vectors), vectors
        else:
            step = (2 / upper) * product(now) - now
            last, now = now, step if j == 1 else 2 * step - last
            if not np.linalg.norm(now) <= _GROWTH * size:
                raise ValueError(
                    "The kernel is not positive semidefinite on these rows: polynomials bounded "
                    "by 1 on [0, largest eigenvalue] have grown on its spectrum."
                )
        block.append(now.ravel())
        if len(block) == _POLYNOMIALS_PER_BLOCK or j == coefficients.shape[1] - 1:
            result += coefficients[:, j + 1 - len(block) : j + 1] @ np.stack(block)
            block = []
    return result.reshape(len(coefficients), *vectors.shape)
