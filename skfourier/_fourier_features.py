"""The transformer: a sampled spectrum."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.gaussian_process.kernels import Kernel
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skfourier._checks import check_new_rows
from skfourier._lazy import by_blocks, is_dask
from skfourier._saving import Saved
from skfourier._sklearn import DOC_LINK, Interval, StrOptions, _fit_context, unchanged_on_error
from skfourier.grids import find_grid, mean_spacing
from skfourier.kernels._fitted import check_fitted_kernel
from skfourier.spectra import FiniteSpectrum, Frequencies, Spectrum, as_spectrum
from skfourier.spectra._arguments import axis_scales
from skfourier.spectra._features import fourier_features
from skfourier.spectra._finite import check_amplitudes

# Of sigma="auto": measured on photographs, networks of a few hundred steps.
_CYCLES_PER_SPACING = 0.02


class FourierFeatures(Saved, TransformerMixin, BaseEstimator):
    r"""Map coordinates to cosines and sines of random frequencies.

    .. math:: \gamma(v) = [a_1 \cos(2\pi b_1^T v), a_1 \sin(2\pi b_1^T v), \dots,
              a_m \cos(2\pi b_m^T v), a_m \sin(2\pi b_m^T v)]

    A linear model on these features is kernel regression with a stationary kernel. A network on
    them quickly learns frequencies near sigma, and much higher ones slowly or never. If sigma is
    too small the fit is blurred; if it is too large, it is noisy between the samples.

    Parameters
    ----------
    sigma : float, array-like of shape (n_features,), "auto" or "auto_per_axis", default=1.0
        Scale of the frequencies, in cycles per unit of X: a number, or one for each column. In the
        `embedding` of a `CoordinateMLPRegressor`, "auto" lets the network choose sigma on held-out
        rows, and "auto_per_axis" does so separately for columns of unequal spacing (the time of a
        video). Elsewhere, both stand for 0.02 cycles per spacing of the samples: :math:`0.02 / h_j`
        with h the spacing of the grid that the rows form (wider by :math:`p^{-1/d}` if only a share
        p of its points are rows), or :math:`L_j / n^{1/d}` for n scattered rows in a box with sides
        L. At that sigma a network
        learns photographs best between their pixels (0.012 after long trainings, 0.027 after
        short ones).
    n_frequencies : int, default=256
        m; half the number of output columns. Distributions that give their own frequencies
        (`Frequencies`, `Basic`) ignore it.
    distribution : str or Spectrum, default="gaussian"
        The distribution of the frequencies: a name ("gaussian", "uniform", "laplace", "cauchy",
        "matern", "basic", "positional") or an object of `skfourier.spectra`. sigma multiplies the
        object's scale: sigma=10 with ``Gaussian(5)`` is 50; leave one of them at 1.
        "positional" requires `n_frequencies` to be a multiple of the number of columns.
    sampling : {"random", "orthogonal", "sobol"}, default="random"
        Independent draws; orthogonal directions (Gaussian and Matern); or a scrambled Sobol
        sequence. The last two approximate the kernel better with as many frequencies.
    amplitude : float or array-like of shape (n_frequencies,), default=1.0
        a. With 1 / sqrt(m) the features have unit length, as `RBFSampler`'s have on average.
    random_state : int, RandomState instance or None, default=None
        Pass an int for the same frequencies in every fit.

    Attributes
    ----------
    sigma_ : float or ndarray of shape (n_features,)
        `sigma`, or the value that "auto" resolved to; a number if all columns share it.
    frequencies_ : ndarray of shape (n_frequencies, n_features_in_)
        b, in cycles per unit of X, float64.
    amplitudes_ : ndarray of shape (n_frequencies,)
        a.
    spectrum_ : Spectrum
        The distribution that the frequencies were drawn from, sigma included: the expected
        kernel, k(0) = 1. For given frequencies the finite kernel of equation 4 itself.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of X, if all are strings.

    See Also
    --------
    CoordinateMLPRegressor : Computes these features inside a network, batch by batch.
    sklearn.kernel_approximation.RBFSampler : Random cosines with random shifts; Gaussian only.

    References
    ----------
    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations", equation 3.

    Tancik et al., "Fourier features let networks learn high frequency functions in low
    dimensional domains", 2020.

    Examples
    --------
    >>> from skfourier import FourierFeatures
    >>> import numpy as np
    >>> X = np.linspace(0, 1, 50, endpoint=False).reshape(-1, 1)
    >>> features = FourierFeatures(sigma=3, n_frequencies=4, random_state=0)
    >>> features.fit_transform(X).shape
    (50, 8)
    >>> features.get_feature_names_out()
    array(['cos0', 'sin0', 'cos1', 'sin1', 'cos2', 'sin2', 'cos3', 'sin3'],
          dtype=object)
    """

    _doc_link_module = "skfourier"
    _doc_link_template = DOC_LINK
    _parameter_constraints = {
        "sigma": [Real, "array-like", StrOptions({"auto", "auto_per_axis"})],
        "n_frequencies": [Interval(Integral, 1, None, closed="left")],
        "distribution": [str, Kernel],
        "sampling": [str],
        "amplitude": [Real, "array-like"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        sigma: Any = 1.0,
        *,
        n_frequencies: int = 256,
        distribution: Any = "gaussian",
        sampling: str = "random",
        amplitude: Any = 1.0,
        random_state: Any = None,
    ) -> None:
        self.sigma = sigma
        self.n_frequencies = n_frequencies
        self.distribution = distribution
        self.sampling = sampling
        self.amplitude = amplitude
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 (y is there for pipelines)
        """Draw the frequencies; X matters by its columns and, for sigma="auto", its spacing.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates.
        y : Ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X is not finite, real and two-dimensional; if sigma is not positive or of the
            wrong length; if a name is unknown (the message has the known ones).
        """
        with unchanged_on_error(self):
            self._draw(X)
        return self

    def _draw(self, X):
        if is_dask(X) and not isinstance(self.sigma, str):
            X = X[:1].compute()  # only the columns matter
        X = check_new_rows(self, X, reset=True)
        n_features = X.shape[1]
        is_auto = isinstance(self.sigma, str)
        self.sigma_ = _sigma_of_spacing(X) if is_auto else self.sigma
        spectrum = as_spectrum(self.distribution).scaled(
            self.sigma_, n_features=n_features, n_frequencies=self.n_frequencies
        )
        finite = isinstance(spectrum, FiniteSpectrum)
        self.spectrum_ = spectrum if finite else spectrum.normalized(n_features)
        self.frequencies_ = self.spectrum_.sample(
            self.n_frequencies,
            n_features,
            sampling=self.sampling,
            random_state=check_random_state(self.random_state),
        )
        self.amplitudes_ = np.array(check_amplitudes(self.amplitude, len(self.frequencies_)))
        if finite:
            self.amplitudes_ *= spectrum.given_amplitudes(n_features)

    @by_blocks
    def transform(self, X: Any) -> Any:
        """Map coordinates to features.

        Parameters
        ----------
        X : array-like or dask array of shape (n_samples, n_features_in_)
            Coordinates.

        Returns
        -------
        ndarray, or dask array as X, of shape (n_samples, 2 * n_frequencies)
            Of X's dtype if it is float32, else float64. Columns cos 1, sin 1, cos 2, ...

        Raises
        ------
        ValueError
            If X is not finite, has other columns than in `fit`, or is so large that its dtype
            does not resolve a cycle.
        """
        X = check_new_rows(self, X)
        return fourier_features(X, self.frequencies_, self.amplitudes_)

    def to_module(self, dtype: Any) -> Any:
        """Return the features as a torch module, the first part of a network.

        Parameters
        ----------
        dtype : torch.dtype
            Of the features. Phases are computed in float64.

        Returns
        -------
        torch.nn.Module
            Maps a tensor (n_samples, n_features_in_) to (n_samples, 2 * n_frequencies). It has no
            trainable parameters; the frequencies are buffers, saved with the network's weights.

        Examples
        --------
        >>> import torch
        >>> from skfourier import FourierFeatures
        >>> features = FourierFeatures(n_frequencies=4, random_state=0).fit([[0.0, 0.0]])
        >>> features.to_module(torch.float32)(torch.zeros(3, 2)).shape
        torch.Size([3, 8])
        """
        from skfourier._training._embeddings import FourierEmbedding  # noqa: PLC0415 (loads torch)

        check_is_fitted(self)
        return FourierEmbedding(self.frequencies_, self.amplitudes_, dtype)

    def induced_kernel(self) -> Any:
        r"""Return the kernel of these features: equation 4 of the paper.

        .. math:: k(v, v') = \gamma(v)^T \gamma(v')
                  = \sum_i a_i^2 \cos(2 \pi b_i^T (v - v'))

        Not normalized: k(0) is the sum of the squared amplitudes, m by default. As m grows,
        k / k(0) tends to `spectrum_`, its expectation.

        Returns
        -------
        Frequencies
            A kernel of scikit-learn's Gaussian processes.

        Examples
        --------
        >>> from skfourier import FourierFeatures
        >>> import numpy as np
        >>> X = np.array([[0.0], [0.1]])
        >>> features = FourierFeatures(n_frequencies=4, random_state=0).fit(X)
        >>> gamma = features.transform(X)
        >>> np.allclose(features.induced_kernel()(X), gamma @ gamma.T)
        True
        """
        check_is_fitted(self)
        return Frequencies(self.frequencies_, self.amplitudes_)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Name the output columns: cos0, sin0, cos1, sin1, ...

        Parameters
        ----------
        input_features : array-like of str, default=None
            Must be the names seen in `fit`, if there were any; otherwise not used.

        Returns
        -------
        ndarray of str objects of shape (2 * n_frequencies,)
        """
        check_is_fitted(self)
        OneToOneFeatureMixin.get_feature_names_out(self, input_features)  # checks the names
        names = [f"{wave}{i}" for i in range(len(self.frequencies_)) for wave in ("cos", "sin")]
        return np.asarray(names, dtype=object)

    def _fitted_state(self):
        names = ("sigma_", "frequencies_", "amplitudes_", "spectrum_")
        return {name: getattr(self, name) for name in names}

    def _restore(self, state):
        n_features = self.n_features_in_
        self.sigma_ = state.take("sigma_")
        axis_scales(self.sigma_, n_features)
        self.frequencies_ = state.array("frequencies_", (None, n_features))
        self.amplitudes_ = state.array("amplitudes_", (len(self.frequencies_),))
        self.spectrum_ = state.take("spectrum_", Spectrum)
        check_fitted_kernel(self.spectrum_, n_features)

    def __sklearn_tags__(self):
        """Declare that float32 stays float32."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _sigma_of_spacing(X):
    """Return 0.02 cycles per spacing of the rows along each axis; 1 along constant columns."""
    X = np.unique(X, axis=0)  # repetitions lie no denser
    grid = find_grid(X)
    spacing = mean_spacing(X, grid)
    varying = np.isfinite(spacing)
    if grid is not None:  # points that are missing leave the others farther apart
        spacing = spacing * (grid.n_points / len(X)) ** (1 / max(1, varying.sum()))
    sigma = np.where(varying, _CYCLES_PER_SPACING / spacing, 1.0)
    return float(sigma[0]) if np.allclose(sigma, sigma[0], rtol=1e-3) else sigma
