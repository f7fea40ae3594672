"""A kernel against distance."""

from typing import Any

import numpy as np

from skfourier.inspection._display import Display, fitted_features, last_step, named_kernels
from skfourier.spectra import FiniteSpectrum

_N_DISTANCES = 1001
# A kernel has settled where it is within this of its value at the far end.
_SETTLED = 0.01


class KernelDisplay(Display):
    """Kernels against the distance of two points, each divided by its k(0).

    Parameters
    ----------
    distances : ndarray of shape (n_distances,)
        In units of X.
    values : ndarray of shape (n_kernels, n_distances)
    names : list of str

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D

    Examples
    --------
    >>> from skfourier.inspection import KernelDisplay
    >>> from skfourier.spectra import Gaussian
    >>> display = KernelDisplay.from_kernels([Gaussian(3), Gaussian(10)])
    >>> display.names
    ['Gaussian(sigma=3)', 'Gaussian(sigma=10)']
    """

    def __init__(self, distances: Any, values: Any, *, names: Any) -> None:
        self.distances = distances
        self.values = values
        self.names = names

    @classmethod
    def from_kernels(
        cls,
        kernels: Any,
        *,
        distances: Any = None,
        direction: Any = (1.0,),
        names: Any = None,
        ax: Any = None,
        line_kw: Any = None,
    ) -> Any:
        """Evaluate kernels, and draw them.

        Parameters
        ----------
        kernels : list of sklearn.gaussian_process.kernels.Kernel
            Stationary ones: spectra, `NeuralTangentKernel` with a base, scikit-learn's own.
        distances : array-like of shape (n_distances,), default=None
            None goes from 0 to where the widest kernel has settled, to 1 at most.
        direction : array-like of shape (n_features,), default=(1.0,)
            In which the second point lies; its length does not matter.
        names : list of str, default=None
            None takes what the kernels print.
        ax, line_kw
            As in `plot`.

        Returns
        -------
        KernelDisplay

        Raises
        ------
        ValueError
            If a kernel is not stationary, there is not one name for each, or the direction has
            no length.
        """
        kernels, names = named_kernels(kernels, names)
        direction = np.asarray(direction, dtype=float)
        if not (direction.ndim == 1 and 0 < np.linalg.norm(direction) < np.inf):
            raise ValueError(
                f"direction must be a vector, one entry for each column of X, not 0. Got "
                f"{direction!r}."
            )
        for kernel in kernels:
            if not kernel.is_stationary():
                raise ValueError(
                    f"Only stationary kernels are functions of a distance; {kernel!r} is not."
                )
        places = np.linspace(0, 1, _N_DISTANCES) if distances is None else np.asarray(distances)
        values = _values(kernels, places, direction)
        if distances is None:
            places = places * _settled(values)
            values = _values(kernels, places, direction)
        return cls(places, values, names=names).plot(ax, line_kw=line_kw)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        distances: Any = None,
        direction: Any = None,
        ax: Any = None,
        line_kw: Any = None,
    ) -> Any:
        """Draw the kernel of an estimator.

        Parameters
        ----------
        estimator : FourierFeatures, FourierKernelRegressor, CoordinateMLPRegressor or Pipeline
            Fitted. Of Fourier features two kernels are drawn: that of the frequencies they have
            drawn, equation 4 of the paper, and its expectation; of a network, those of its
            embedding.
        distances, ax, line_kw
            As in `from_kernels`.
        direction : array-like of shape (n_features,), default=None
            None takes the first column of X.

        Returns
        -------
        KernelDisplay

        Raises
        ------
        ValueError
            If the estimator has no kernel.
        """
        kernel = getattr(last_step(estimator), "kernel_", None)
        if kernel is not None:
            kernels, names, n_features = [kernel], None, last_step(estimator).n_features_in_
        else:
            features = fitted_features(estimator)
            kernels = [features.spectrum_, features.induced_kernel()]
            names = [repr(features.spectrum_), f"{len(features.frequencies_)} frequencies"]
            n_features = features.n_features_in_
            if isinstance(features.spectrum_, FiniteSpectrum):  # its own expectation
                kernels, names = kernels[1:], names[1:]
        direction = np.eye(n_features)[0] if direction is None else direction
        return cls.from_kernels(
            kernels, distances=distances, direction=direction, names=names, ax=ax, line_kw=line_kw
        )

    def plot(self, ax: Any = None, *, line_kw: Any = None) -> Any:
        """Draw the kernels.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.
        line_kw : dict, default=None
            For matplotlib's `plot`.

        Returns
        -------
        KernelDisplay
        """
        ax, line_kw = self._axes(ax), line_kw or {}
        self.lines_ = [
            ax.plot(self.distances, values, **({"label": name} | line_kw))[0]
            for name, values in zip(self.names, self.values, strict=True)
        ]
        ax.set(xlabel="distance (units of X)", ylabel="k / k(0)")
        ax.legend()
        return self


def _values(kernels, distances, direction):
    """Evaluate the kernels between the origin and points in a direction, over k(0)."""
    origin = np.zeros((1, len(direction)))
    places = np.outer(distances, direction / np.linalg.norm(direction))
    return np.stack([kernel(origin, places)[0] / kernel.diag(origin)[0] for kernel in kernels])


def _settled(values):
    """Return the share of the distances at which the last kernel has settled, and a fifth more."""
    unsettled = (np.abs(values - values[:, -1:]) > _SETTLED).any(axis=0)
    last = np.flatnonzero(unsettled).max(initial=0) + 1
    return min(1.2 * last / (values.shape[1] - 1), 1.0)
