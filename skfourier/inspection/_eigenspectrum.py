"""A display of the order in which the components of a target are learned."""

from typing import Any

import numpy as np

from skfourier._checks import known_name
from skfourier.inspection._display import Display, named_kernels
from skfourier.ntk import eigenspectrum

KINDS = ("power", "eigenvalues")


class EigenspectrumDisplay(Display):
    """Eigenspectra side by side: the share of the target that is learned over time.

    Parameters
    ----------
    spectra : list of Eigenspectrum
    names : list of str

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier.inspection import EigenspectrumDisplay
    >>> from skfourier.spectra import Gaussian
    >>> X = np.linspace(0, 1, 64, endpoint=False).reshape(-1, 1)
    >>> y = (4 * X[:, 0]) % 1 - 0.5
    >>> display = EigenspectrumDisplay.from_kernels([Gaussian(1), Gaussian(10)], X, y)
    >>> display.ax_.get_xlabel()
    'steps of gradient descent'
    """

    def __init__(self, spectra: Any, *, names: Any) -> None:
        self.spectra = spectra
        self.names = names

    @classmethod
    def from_kernels(
        cls,
        kernels: Any,
        X: Any,
        y: Any,
        *,
        names: Any = None,
        kind: Any = "power",
        ax: Any = None,
        line_kw: Any = None,
        **options: Any,
    ) -> Any:
        """Decompose the kernel matrices of kernels, and draw them.

        Parameters
        ----------
        kernels : list of sklearn.gaussian_process.kernels.Kernel
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        names : list of str, default=None
            None takes what the kernels print.
        kind, ax, line_kw
            As in `plot`.
        **options : dict
            For `skfourier.ntk.eigenspectrum`: learning_rate, loss, remaining.

        Returns
        -------
        EigenspectrumDisplay

        Raises
        ------
        ValueError
            If there is not one name for each kernel; or as `skfourier.ntk.eigenspectrum`.
        """
        kernels, names = named_kernels(kernels, names)
        spectra = [eigenspectrum(kernel, X, y, **options) for kernel in kernels]
        return cls(spectra, names=names).plot(ax, kind=kind, line_kw=line_kw)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        kind: Any = "power",
        ax: Any = None,
        line_kw: Any = None,
        **options: Any,
    ) -> Any:
        """Decompose the kernel matrix of an estimator, and draw it.

        Parameters
        ----------
        estimator : estimator
            Fitted, as `skfourier.ntk.eigenspectrum` takes it.
        X, y, kind, ax, line_kw, **options
            As in `from_kernels`.

        Returns
        -------
        EigenspectrumDisplay
        """
        return cls.from_kernels(
            [estimator],
            X,
            y,
            names=[type(estimator).__name__],
            kind=kind,
            ax=ax,
            line_kw=line_kw,
            **options,
        )

    def plot(self, ax: Any = None, *, kind: str = "power", line_kw: Any = None) -> Any:
        """Draw the spectra.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.
        kind : {"power", "eigenvalues"}, default="power"
            The share of the target's power in the components that are learned after each number of
            steps of gradient descent, or the eigenvalues in descending order.
        line_kw : dict, default=None
            For matplotlib's `plot`.

        Returns
        -------
        EigenspectrumDisplay
        """
        known_name(kind, KINDS, "kind")
        ax, line_kw = self._axes(ax), line_kw or {}
        if kind == "power":
            curve, options = _learned, {"drawstyle": "steps-post"}
        else:
            curve, options = _descending, {}
        self.lines_ = [
            ax.plot(*curve(spectrum), **({"label": name} | options | line_kw))[0]
            for name, spectrum in zip(self.names, self.spectra, strict=True)
        ]
        if kind == "power":
            ax.set(xlabel="steps of gradient descent", xscale="log", ylim=(0, 1.02))
            ax.set_ylabel("share of the target learned")
        else:
            ax.set(xlabel="component", xscale="log", yscale="log", ylabel="eigenvalue")
        ax.legend()
        return self


def _learned(spectrum):
    """Return steps, and the share of the power in components that take no more of them."""
    if spectrum.power is None:
        raise ValueError(
            "The power of the target is not known. Take eigenspectrum with y, or "
            "kind='eigenvalues'."
        )
    power = spectrum.power.reshape(len(spectrum.steps), -1).sum(axis=1)
    order = np.argsort(spectrum.steps, kind="stable")
    known = _known(spectrum)[order]
    return spectrum.steps[order][known], (np.cumsum(power[order]) / power.sum())[known]


def _descending(spectrum):
    """Return ranks and eigenvalues."""
    known = _known(spectrum)
    return np.arange(1, len(known) + 1)[known], spectrum.eigenvalues[known]


def _known(spectrum):
    """Tell which eigenvalues are more than rounding, and learned at all."""
    values = spectrum.eigenvalues
    rounding = len(values) * np.finfo(float).eps * values[0]
    return (values > rounding) & np.isfinite(spectrum.steps)
