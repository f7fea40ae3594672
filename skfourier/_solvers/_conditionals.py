r"""Densities of few rows given few others, many of them side by side.

.. math:: p(y_B \mid y_G) = N(K_{BG} A_{GG}^{-1} y_G, \; A_{BB} - K_{BG} A_{GG}^{-1} K_{GB}), \qquad
          A = K + \alpha W^{-1}

The Cholesky factor of A over the rows (G, B) gives both. A product of such densities, each block
given near rows that come before it, is nearly the density of all rows (Vecchia's approximation).

References
----------
A. V. Vecchia, "Estimation and model identification for continuous spatial processes", 1988.

M. Katzfuss and J. Guinness, "A general framework for Vecchia approximations of Gaussian processes",
2021.
"""

import numpy as np

from skfourier._blocks import row_blocks

# Bytes for each entry of the groups' matrices, of 64 MiB for a block: their arrays, of 3 MiB then,
# stay in the processor's cache, where the kernel takes a third of the time.
_BYTES_PER_ENTRY = 192


def blocks_of_groups(n_groups, n_entries):
    """Yield slices of groups, whose matrices have so many entries each."""
    return row_blocks(n_groups, _BYTES_PER_ENTRY * n_entries)


def lags_within(X, groups):
    """Return the lags between the rows of each group, (n_groups, n_rows, n_rows, n_features)."""
    rows = X[groups]
    return rows[:, :, None] - rows[:, None]


def factors(kernel, lags, noise):
    """Factorize A over each group of rows.

    Parameters
    ----------
    kernel : Kernel
        With `evaluate(lag)`, k(0) = 1.
    lags : ndarray of shape (n_groups, n_rows, n_rows, n_features)
        Those of `lags_within`.
    noise : ndarray of shape (n_groups, n_rows)
        Variance of the noise of each row.

    Returns
    -------
    torch.Tensor of shape (n_groups, n_rows, n_rows)
        Lower triangles.

    Raises
    ------
    LinAlgError
        If a matrix is singular to working precision.
    """
    import torch  # noqa: PLC0415 (skfourier's import stays light)

    matrix = kernel.evaluate(lags)
    places = np.arange(lags.shape[1])
    matrix[:, places, places] += noise
    try:
        # NumPy's is faster than torch's on many small matrices.
        return torch.from_numpy(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError as error:
        raise np.linalg.LinAlgError(
            f"The kernel matrix of {noise.shape[1]} rows close to one another, plus their noise of "
            f"{noise.min():.1e} or more, is singular to working precision. Raise alpha."
        ) from error


def whiten(kernel, lags, noise, values, n_last):
    """Standardize the last rows of each group, given those before them.

    Parameters
    ----------
    kernel, lags, noise
        As of `factors`.
    values : ndarray of shape (n_groups, n_rows, n_outputs)
    n_last : int

    Returns
    -------
    residuals : ndarray of shape (n_groups * n_last, n_outputs)
        Independent and of variance 1 under the Gaussian process.
    log_variance : ndarray of shape (n_groups * n_last,)
        Of each row given those before it.
    """
    import torch  # noqa: PLC0415

    residuals, log_variance = [], []
    for part in blocks_of_groups(len(lags), lags.shape[1] ** 2):
        lower = factors(kernel, lags[part], noise[part])
        z = torch.linalg.solve_triangular(lower, torch.from_numpy(values[part]), upper=False)
        diagonal = lower.diagonal(dim1=1, dim2=2)[:, -n_last:]
        residuals.append(z[:, -n_last:].reshape(-1, values.shape[2]).numpy())
        log_variance.append(2 * diagonal.log().reshape(-1).numpy())
    return np.concatenate(residuals), np.concatenate(log_variance)


def condition(problem, values, given, points):
    """Predict the function at points, given rows.

    Parameters
    ----------
    problem : Problem
    values : ndarray of shape (n_samples, n_outputs)
        Of mean 0, at the rows of the problem.
    given : ndarray of shape (n_groups, n_rows)
    points : ndarray of shape (n_groups, n_points, n_features)

    Returns
    -------
    mean : ndarray of shape (n_groups, n_points, n_outputs)
    variance : ndarray of shape (n_groups, n_points)
        Without noise.
    """
    import torch  # noqa: PLC0415

    kernel = problem.kernel
    n_groups, n_points = points.shape[:2]
    mean, variance = np.empty((n_groups, n_points, values.shape[1])), np.empty((n_groups, n_points))
    for part in blocks_of_groups(n_groups, given.shape[1] * (given.shape[1] + n_points)):
        rows = given[part]
        lower = factors(kernel, lags_within(problem.X, rows), problem.noise[rows])
        cross = kernel.evaluate(problem.X[rows][:, :, None] - points[part][:, None])
        half = torch.linalg.solve_triangular(lower, torch.from_numpy(cross), upper=False)
        z = torch.linalg.solve_triangular(lower, torch.from_numpy(values[rows]), upper=False)
        mean[part] = (half.mT @ z).numpy()
        variance[part] = 1 - half.square().sum(dim=1).numpy()
    return mean, variance
