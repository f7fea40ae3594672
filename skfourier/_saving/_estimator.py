"""The method `save` of estimators."""

from abc import abstractmethod
from os import PathLike

from skfourier._saving._model import save


class Saved:
    """An estimator that `skfourier.load` rebuilds from its parameters and what it has learned."""

    def save(self, path: str | PathLike[str]) -> None:
        """Write the fitted model to a file, which `skfourier.load` reads.

        The file holds parameters and arrays in the safetensors format, no code: see
        `skfourier.save`.

        Parameters
        ----------
        path : str or Path
            An older file of that name is replaced when the new one is complete.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If a parameter is neither a number, string or array nor an object of skfourier.
        OSError
            If the file cannot be written.
        """
        save(self, path)

    @abstractmethod
    def _fitted_state(self):
        """Return what was learned: a dict of numbers, arrays and objects that files hold."""

    @abstractmethod
    def _restore(self, state):
        """Take back what was learned, from a `State`; n_features_in_ is there already."""
