"""The frequencies that were drawn, against their density."""

from typing import Any

import numpy as np

from skfourier.inspection._display import Display, fitted_features

_N_FREQUENCIES = 501
# Heavy tails draw a few frequencies that are far beyond all others.
_SHOWN = 0.99


class SpectrumDisplay(Display):
    """Frequencies along one column of X, and the density they were drawn from.

    Parameters
    ----------
    frequencies : ndarray of shape (n_frequencies,)
        Along that column, in cycles per unit of X.
    grid : ndarray of shape (n_grid,)
        Frequencies at which the density is given.
    density : ndarray of shape (n_grid,) or None
        None where the frequencies are given ones.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : matplotlib BarContainer
        The histogram.
    line_ : matplotlib Line2D or None
        The density.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier import FourierFeatures
    >>> from skfourier.inspection import SpectrumDisplay
    >>> features = FourierFeatures(sigma=10, random_state=0).fit(np.zeros((1, 2)))
    >>> display = SpectrumDisplay.from_estimator(features, column=1)
    >>> display.frequencies.shape
    (256,)
    """

    def __init__(self, frequencies: Any, grid: Any, density: Any) -> None:
        self.frequencies = frequencies
        self.grid = grid
        self.density = density

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        column: int = 0,
        ax: Any = None,
        hist_kw: Any = None,
        line_kw: Any = None,
    ) -> Any:
        """Take the frequencies of an estimator, and draw them.

        Parameters
        ----------
        estimator : FourierFeatures, CoordinateMLPRegressor or Pipeline
            Fitted.
        column : int, default=0
            Of X: the frequencies along it.
        ax, hist_kw, line_kw
            As in `plot`.

        Returns
        -------
        SpectrumDisplay

        Raises
        ------
        ValueError
            If the estimator has no Fourier features, or X no such column.
        """
        features = fitted_features(estimator)
        n_features = features.n_features_in_
        if not -n_features <= column < n_features:
            raise ValueError(f"X has {n_features} columns; column={column!r} is none of them.")
        frequencies, spectrum = features.frequencies_[:, column], features.spectrum_
        reach = np.quantile(np.abs(frequencies), _SHOWN)
        grid = np.linspace(-reach, reach, _N_FREQUENCIES)
        density = None
        if hasattr(spectrum, "density"):
            density = spectrum.marginal(column, n_features).density(grid[:, None])
        return cls(frequencies, grid, density).plot(ax, hist_kw=hist_kw, line_kw=line_kw)

    def plot(self, ax: Any = None, *, hist_kw: Any = None, line_kw: Any = None) -> Any:
        """Draw a histogram and the density.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.
        hist_kw : dict, default=None
            For matplotlib's `hist`, the frequencies.
        line_kw : dict, default=None
            For matplotlib's `plot`, the density.

        Returns
        -------
        SpectrumDisplay
        """
        ax = self._axes(ax)
        options = {
            "bins": "auto",
            "range": (self.grid[0], self.grid[-1]),
            "density": True,
            "alpha": 0.4,
            "label": f"{len(self.frequencies)} frequencies",
        }
        self.bars_ = ax.hist(self.frequencies, **(options | (hist_kw or {})))[2]
        self.line_ = None
        if self.density is not None:
            (self.line_,) = ax.plot(
                self.grid, self.density, **({"label": "density"} | (line_kw or {}))
            )
        ax.set(xlabel="frequency (cycles per unit of X)", ylabel="density")
        ax.legend()
        return self
