"""The method `save` of estimators."""

from abc import abstractmethod
from os import PathLike

from skfourier._saving._model import save


class Saved:
    """An estimator that `skfourier.load` rebuilds from its parameters and what it has learned."""

    def save(self, path: str | PathLike[str], *, final: bool = False) -> None:
        """Write the fitted model to a file, which `skfourier.load` reads.

        The file holds parameters and arrays in the safetensors format, no code: see
        `skfourier.save`.

        Parameters
        ----------
        path : str or Path
            An older file of that name is replaced when the new one is complete.
        final : bool, default=False
            Whether to leave out what only further `partial_fit` need.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If a parameter is neither a number, string or array nor an object of skfourier.
        OSError
            If the file cannot be written.
        """
        save(self, path, final=final)

    @abstractmethod
    def _fitted_state(self):
        """Return what was learned: a dict of numbers, arrays and objects that files hold."""

    def _stream_state(self):
        """Return what goes beside those entries, or in their place, for more rows to come."""
        return {}

    @abstractmethod
    def _restore(self, state):
        """Take back what was learned, from a `State`; n_features_in_ is there already."""
