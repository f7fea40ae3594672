"""The scores of a search for sigma."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skfourier.inspection._display import Display, last_step


class SigmaSearchDisplay(Display):
    """The score of each sigma that was tried, and the one that was chosen.

    Parameters
    ----------
    sigma : ndarray of shape (n_tried,)
        In cycles per unit of X.
    score : ndarray of shape (n_tried,)
        On rows held out, larger is better.
    n_epochs : ndarray of shape (n_tried,) or None
        How long each had been trained; None where all were trained alike.
    chosen : float

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        One for each length of training.
    chosen_ : matplotlib Line2D
        The sigma that was chosen.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier import CoordinateMLPRegressor, FourierFeatures
    >>> from skfourier.inspection import SigmaSearchDisplay
    >>> X = np.linspace(0, 1, 200, endpoint=False).reshape(-1, 1)
    >>> network = CoordinateMLPRegressor((16,), embedding=FourierFeatures("auto"), max_iter=40)
    >>> network = network.set_params(random_state=0).fit(X, np.sin(20 * X[:, 0]))
    >>> display = SigmaSearchDisplay.from_estimator(network)
    >>> display.ax_.get_xlabel()
    'sigma (cycles per unit of X)'
    """

    def __init__(self, sigma: Any, score: Any, n_epochs: Any, chosen: float) -> None:
        self.sigma = sigma
        self.score = score
        self.n_epochs = n_epochs
        self.chosen = chosen

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, column: int = 0, ax: Any = None, line_kw: Any = None
    ) -> Any:
        """Take the search of an estimator, and draw it.

        Parameters
        ----------
        estimator : CoordinateMLPRegressor or GridSearchCV, or a Pipeline that ends in one
            Fitted: a network whose embedding had sigma="auto", or a search of scikit-learn's over
            one parameter whose name ends in sigma.
        column : int, default=0
            The column of X whose sigma is drawn.
        ax, line_kw
            As in `plot`.

        Returns
        -------
        SigmaSearchDisplay

        Raises
        ------
        ValueError
            If the estimator has not searched for sigma.
        NotFittedError
            If it is not fitted.
        """
        estimator = last_step(estimator)
        check_is_fitted(estimator)
        if getattr(estimator, "sigma_search_", None) is not None:
            searched = estimator.sigma_search_
            # Without the weight decay that was compared at one sigma.
            alike = searched["alpha"] == searched["alpha"].min()
            tried = {name: values[alike] for name, values in searched.items()}
            chosen = np.broadcast_to(estimator.embedding_.sigma_, tried["sigma"].shape[1:])
            display = cls(
                tried["sigma"][:, column], tried["score"], tried["n_epochs"], chosen[column]
            )
        else:
            display = cls(*_of_a_search(estimator, column))
        return display.plot(ax, line_kw=line_kw)

    def plot(self, ax: Any = None, *, line_kw: Any = None) -> Any:
        """Draw the scores over sigma, a line for each length of training.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.
        line_kw : dict, default=None
            For matplotlib's `plot`.

        Returns
        -------
        SigmaSearchDisplay
        """
        ax = self._axes(ax)
        lengths = np.zeros(len(self.sigma)) if self.n_epochs is None else self.n_epochs
        self.lines_ = []
        for length in np.unique(lengths):
            rows = (lengths == length) & np.isfinite(self.score)
            order = np.argsort(self.sigma[rows])
            label = None if self.n_epochs is None else f"{length:g} epochs"
            options = {"marker": "o", "label": label} | (line_kw or {})
            self.lines_ += ax.plot(self.sigma[rows][order], self.score[rows][order], **options)
        self.chosen_ = ax.axvline(self.chosen, color="0.5", linestyle="--", label="chosen")
        ax.set(xscale="log", xlabel="sigma (cycles per unit of X)", ylabel="score on rows held out")
        ax.legend()
        return self


def _of_a_search(search, column):
    """Return sigma, scores, None and the choice of one of scikit-learn's searches."""
    results = getattr(search, "cv_results_", {})
    names = [name for name in results if name.startswith("param_") and name.endswith("sigma")]
    if len(names) != 1 or "mean_test_score" not in results:
        raise ValueError(
            f"There is no search for sigma to draw: give a network whose embedding has "
            f"sigma='auto', fitted by `fit`, or a fitted GridSearchCV over one parameter whose "
            f"name ends in sigma. Got {search!r}."
        )
    tried = [np.ravel(sigma) for sigma in results[names[0]]]
    sigma = np.array([s[column if len(s) > 1 else 0] for s in tried], dtype=float)
    return sigma, np.asarray(results["mean_test_score"]), None, sigma[search.best_index_]
