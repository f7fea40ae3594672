"""Any stationary kernel on an evenly spaced grid: products by FFT, conjugate gradients."""

import math
from copy import copy as shallow_copy
from dataclasses import replace

import numpy as np
from scipy import fft
from sklearn.utils import gen_batches

from skfourier.solvers._conjugate_gradients import (
    iterate,
    variance_by_solving,
    warn_unless_converged,
)
from skfourier.solvers._masked import MaskedModes, weight_on_grid

# Points of the circulant embedding; in float64 an array of them is 1 GiB, and a fit holds about
# six for each output, a prediction as many.
_MOST_POINTS = 2**27
# Of k(0): below the rounding of a sum that holds k(0) itself.
_NEGLIGIBLE = 1e-17
# Numbers that a block of a dense prediction holds: 64 MB.
_BLOCK = 2**23
# A lag of a convolution costs about as much as so many entries of a dense kernel matrix.
_COST_OF_LAG = 4
# On a grid with holes the preconditioner is an iteration itself, so exact and no longer.
_INNER_TOL = 0.1
_INNER_MAX_ITER = 200


class Toeplitz:
    r"""A stationary kernel on an evenly spaced grid, full or with holes, with or without weights.

    The product with the kernel matrix is a convolution, done by FFT on a grid twice as large.
    The preconditioner of conjugate gradients is diagonal in the basis of cosines: see
    `CosineModes`. In the presence of holes or weights the same modes are solved with for the rows
    there are: see `MaskedModes`.

    Iterations to a relative residual of 1e-6, alpha = 1e-3, photograph of 256 x 256 pixels, three
    channels, by preconditioner: T. Chan's optimal circulant, and cosines.

    ===============================  =========  =======
    kernel                           circulant  cosines
    ===============================  =========  =======
    NTK, 3 hidden layers, sigma 3    102        17
    NTK, 3 hidden layers, sigma 10   44         11
    Matern(10, nu=1.5)               105        15
    Matern(10, nu=2.5)               258        23
    Matern(1, nu=2.5)                over 300   103
    ===============================  =========  =======

    With 20 % of the pixels of a 128 x 128 photograph missing, the first, second and fourth of these
    take 14, 8 and 12 iterations (without preconditioner 373, 68, 353), within which the
    preconditioner takes 263, 136 and 386 of its own, which are three times cheaper.

    A circulant joins opposite edges of the grid, between which the data jump; cosines continue
    the data by reflection, without a jump.

    Parameters
    ----------
    system : System
        With an evenly spaced grid; lines that are missing altogether count as holes.

    Attributes
    ----------
    grid : Grid
        The grid, missing lines put in.
    n_iter : int
        Iterations of the last `solve`: products with the kernel, not those within the
        preconditioner.
    """

    name = "toeplitz"
    exact = False
    n_iter = 0

    def __init__(self, system):
        self.system = system
        self.grid = system.grid.evenly_spaced()
        lags = self._kernel_at_lags()
        self.convolution = Convolution(lags, self.grid.shape)
        self.weight = weight_on_grid(system, self.grid)
        self._modes = CosineModes(lags)
        self._mask()

    def with_alpha(self, alpha):
        """Return the solver with another alpha: the kernel is not evaluated again."""
        other = shallow_copy(self)
        other.system = replace(self.system, alpha=alpha)
        other._mask()
        return other

    def _mask(self):
        alpha = self.system.alpha
        self.noise = alpha * np.divide(
            1, self.weight, out=np.zeros_like(self.weight), where=self.weight > 0
        )
        self.masked = MaskedModes(self._modes, self.weight, alpha)

    @staticmethod
    def why_not(system):
        """Return None, or the sentence that refuses."""
        grid = None if system.grid is None else system.grid.evenly_spaced()
        if grid is None:
            return (
                "The solver 'toeplitz' takes rows that form an evenly spaced grid with few holes, "
                "no two of them alike; these do not. Take 'kronecker' on an uneven grid, else "
                "'nufft', 'cholesky' or 'cg'."
            )
        n_points = math.prod(2 * n for n in grid.shape)
        if n_points > _MOST_POINTS:
            return (
                f"The solver 'toeplitz' needs FFTs of {n_points} points on a grid of shape "
                f"{grid.shape}, {8e-9 * n_points:.1f} GB an array; it takes at most "
                f"{_MOST_POINTS}. Take 'kronecker' with a product kernel, else 'nufft'."
            )
        return None

    def solve(self, y):
        """Solve for y of shape (n_samples, n_outputs): coefficients on the grid.

        Warns
        -----
        ConvergenceWarning
            If `tol` is not reached within `max_iter` iterations.
        """
        system, shape = self.system, (-1, *self.grid.shape)
        is_row = self.weight > 0

        def operator(c):
            c = c.T.reshape(shape)
            return _flat(np.where(is_row, self.convolution(c), 0) + self.noise * c)

        solution = iterate(
            operator,
            _flat(self.grid.scatter(y)),
            preconditioner=self._preconditioner(),
            tol=system.tol,
            max_iter=system.max_iter,
        )
        self.n_iter = solution.n_iter
        warn_unless_converged(solution.residual, system.tol, self.n_iter)
        return solution.x.T.reshape(shape)

    def predict(self, coefficients, X):
        """Predict at rows of X: an array of shape (n_rows, n_outputs).

        Rows that lie on the grid, or on a copy of it that is shifted by a fraction of the spacing
        (pixels of an image of twice the resolution lie on four), are one convolution for each
        shift; the others are done by dense products in blocks.
        """
        out = np.empty((len(X), len(coefficients)))
        steps = self._in_steps(X)
        dense = np.ones(len(X), dtype=bool)
        for rows, shift in self._shifted_copies(steps):
            places = np.rint(steps[rows] - shift).astype(int)
            low = places.min(axis=0)
            counts = tuple((places.max(axis=0) - low + 1).tolist())
            lags = self._kernel_at_lags(shift + low, counts)
            values = Convolution(lags, self.grid.shape)(coefficients)
            out[rows] = values[(slice(None), *(places - low).T)].T
            dense[rows] = False
        if dense.any():
            out[dense] = self._predict_densely(coefficients, X[dense])
        return out

    def variance(self, X):
        """Return the posterior variance of the function at rows of X, a solve for each.

        Raises
        ------
        ValueError
            If X has over a thousand rows.
        """
        return variance_by_solving(self, X)

    def _preconditioner(self):
        """Divide modes; where there are holes or weights, iterate over them."""
        shape, masked, system = (-1, *self.grid.shape), self.masked, self.system
        if self.grid.is_full and system.weight is None:
            return lambda r: _flat(masked.divide(r.T.reshape(shape)))
        return lambda r: _flat(masked.solve(r.T.reshape(shape), _INNER_TOL, _INNER_MAX_ITER)[0])

    def _kernel_at_lags(self, low=0, counts=None):
        """Evaluate the kernel between a copy of the grid and the grid, at all lags there are.

        Parameters
        ----------
        low : ndarray of shape (n_features,) or 0, default=0
            Place of the copy's first point, in steps of the grid.
        counts : tuple of int or None, default=None
            Points of the copy along each axis; the grid's own if None.

        Returns
        -------
        ndarray
            Along each axis from the copy's first point less the grid's last one upwards.
        """
        shape = self.grid.shape
        counts, low = counts or shape, np.broadcast_to(low, len(shape))
        axes = [
            (first + np.arange(1 - n, count)) * step
            for first, n, count, step in zip(low, shape, counts, self.grid.spacing(), strict=True)
        ]
        return self.system.kernel.evaluate(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1))

    def _in_steps(self, X):
        """Express coordinates in steps of the grid from its first point."""
        first = np.array([axis[0] for axis in self.grid.axes])
        return (X - first) / self.grid.spacing()

    def _shifted_copies(self, steps):
        """Yield rows that lie on one shifted copy of the grid, and its shift in steps.

        Rows are left out where dense products cost less than a convolution: those on a copy with
        few others, and those farther from the grid than it is long.
        """
        shape = np.array(self.grid.shape)
        near = np.flatnonzero(((steps > -shape) & (steps < 2 * shape)).all(1))
        steps, shares = steps[near], self.grid.rounding_in_steps()
        cells = np.rint((steps - np.floor(steps)) / shares)
        # A shift of a whole step is none.
        cells = np.where(cells * shares >= 1 - shares / 2, 0, cells)
        _, copies, sizes = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
        order = np.argsort(copies, kind="stable")
        ends = np.cumsum(sizes)
        # A convolution evaluates as many lags as the grid has points, and more.
        enough = _COST_OF_LAG * self.grid.n_points / len(self.system.X)
        for copy in np.flatnonzero(sizes > enough):
            rows = order[ends[copy] - sizes[copy] : ends[copy]]
            shift = (steps[rows] - np.rint(steps[rows] - steps[rows[0]])).mean(axis=0)
            extent = np.ptp(np.rint(steps[rows] - shift), axis=0)
            if len(rows) * len(self.system.X) > _COST_OF_LAG * np.prod(extent + shape):
                yield near[rows], shift

    def _predict_densely(self, coefficients, X):
        c, out = self.grid.gather(coefficients), np.empty((len(X), len(coefficients)))
        for rows in gen_batches(len(X), max(1, _BLOCK // len(self.system.X))):
            out[rows] = self.system.kernel(X[rows], self.system.X) @ c
        return out


class Convolution:
    """The product with a kernel matrix between two evenly spaced grids of the same spacing.

    It is a corner of a circulant matrix, which FFTs make diagonal. Where the kernel has decayed to
    nothing before the ends of the grid, a smaller circulant matrix serves.

    Parameters
    ----------
    lags : ndarray of shape (n_1 + m_1 - 1, n_2 + m_2 - 1, ...)
        The kernel at all lags, from m's first point less n's last one upwards.
    shape : tuple of int
        (n_1, n_2, ...), the points multiplied.
    """

    def __init__(self, lags, shape):
        self.axes = tuple(range(1, lags.ndim + 1))
        self.counts = tuple(size - n + 1 for size, n in zip(lags.shape, shape, strict=True))
        reach = [_reach(lags, axis) for axis in range(lags.ndim)]
        # Long enough for points and results, and for no lag to be taken for one on the other side.
        self.lengths = tuple(
            fft.next_fast_len(max(n, m, last + 1, n + m - 1 - first), real=True)
            for n, m, (first, last) in zip(shape, self.counts, reach, strict=True)
        )
        lags = lags[tuple(slice(first, last + 1) for first, last in reach)]
        circulant = np.zeros(self.lengths)
        circulant[tuple(map(slice, lags.shape))] = lags
        offsets = [first - (n - 1) for n, (first, _) in zip(shape, reach, strict=True)]
        self.spectrum = fft.rfftn(np.roll(circulant, offsets, tuple(range(lags.ndim))))

    def __call__(self, array):
        """Multiply: (k, n_1, n_2, ...) to (k, m_1, m_2, ...)."""
        spectrum = fft.rfftn(array, self.lengths, axes=self.axes)
        spectrum *= self.spectrum
        product = fft.irfftn(spectrum, self.lengths, axes=self.axes, overwrite_x=True)
        return product[(slice(None), *map(slice, self.counts))]


def _reach(lags, axis):
    """Return the first and last place along an axis where the kernel is not negligible."""
    others = tuple(other for other in range(lags.ndim) if other != axis)
    places = np.flatnonzero(np.abs(lags).max(axis=others) > _NEGLIGIBLE)
    return (places[0], places[-1]) if len(places) else (0, 0)


class CosineModes:
    r"""Cosines as nearly the eigenvectors of a stationary kernel on an evenly spaced grid.

    .. math:: K \approx C^T \operatorname{diag}(C K C^T)\, C

    with C the orthonormal cosine transform (DCT-II) along each axis: the nearest matrix to K, in
    the Frobenius norm, that cosines make diagonal.

    Parameters
    ----------
    lags : ndarray of shape (2 n_1 - 1, 2 n_2 - 1, ...)
        The kernel at all lags of the grid.

    Attributes
    ----------
    values : ndarray of shape (n_1, n_2, ...)

    References
    ----------
    R. H. Chan, M. K. Ng and C. K. Wong, "Sine transform based preconditioners for symmetric
    Toeplitz systems", Linear Algebra and its Applications 232, 1996 (which treats cosines too).
    """

    def __init__(self, lags):
        self.axes = tuple(range(1, lags.ndim + 1))
        values = lags
        for axis in range(lags.ndim):
            values = np.moveaxis(_cosine_diagonal(np.moveaxis(values, axis, -1)), -1, axis)
        # Rounding makes the smallest negative.
        self.values = np.maximum(values, 0)

    def forward(self, array):
        """Apply C: (n, *points) to (n, *modes)."""
        return fft.dctn(array, axes=self.axes, norm="ortho")

    def backward(self, array):
        """Apply C^T: (n, *modes) to (n, *points)."""
        return fft.idctn(array, axes=self.axes, norm="ortho")


def _cosine_diagonal(lags):
    r"""Compute the diagonal of C T C^T along the last axis, T Toeplitz with the given lags.

    .. math:: \sum_l t_l \Bigl[\bigl(1 - \tfrac l n\bigr) \cos \theta_k l
              - \frac{\sin \theta_k l}{n \sin \theta_k}\Bigr], \quad \theta_k = \pi k / n

    over l >= 0, with t_l the sum over both signs of the lag; without the sine for k = 0. It is the
    sum of :math:`c_k(i)\, c_k(i + l)` over i, in closed form.
    """
    n = (lags.shape[-1] + 1) // 2
    folded = lags[..., n - 1 :].copy()
    folded[..., 1:] += lags[..., n - 2 :: -1]
    theta = np.pi * np.arange(1, n) / n
    cosines = fft.rfft(folded * (1 - np.arange(n) / n), 2 * n)[..., :n].real
    cosines[..., 1:] += fft.rfft(folded, 2 * n)[..., 1:n].imag / (n * np.sin(theta))
    return cosines


def _flat(array):
    """View arrays on the grid as columns."""
    return array.reshape(len(array), -1).T
