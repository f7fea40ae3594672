"""Training as predicted and as observed."""

from typing import Any

import numpy as np
from sklearn.base import clone

from skfourier.inspection._display import Display, last_step
from skfourier.ntk import predict_training

# What the theory is one of: plain gradient descent on the mean squared error.
_PLAIN = {
    "solver": ("sgd",),
    "batch_size": ("full",),
    "learning_rate": ("constant",),
    "alpha": (0, "auto"),  # which is 0 for "sgd"
    "tol": (None,),
    "early_stopping": (False,),
    "batch_norm": (False,),
}


class TrainingDynamicsDisplay(Display):
    """Mean squared errors while a network is trained: predicted, and observed.

    Parameters
    ----------
    steps : ndarray of shape (n_steps,)
    predicted : dict of str to ndarray of shape (n_steps,)
        Curves by their names, such as "training" and "test".
    observed : dict of str to ndarray of shape (n_steps,), default=None
        Those of the same names are drawn in the same color.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        Predicted, dashed; then observed, solid.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier import CoordinateMLPRegressor, FourierFeatures
    >>> from skfourier.inspection import TrainingDynamicsDisplay
    >>> X = np.linspace(0, 1, 32, endpoint=False).reshape(-1, 1)
    >>> network = CoordinateMLPRegressor(
    ...     (256, 256), "relu", embedding=FourierFeatures(3), initialization="he", solver="sgd",
    ...     batch_size="full", learning_rate="constant", learning_rate_init=1e-3, random_state=0,
    ... )
    >>> display = TrainingDynamicsDisplay.from_estimator(
    ...     network, X, np.sin(9 * X[:, 0]), steps=[0, 1, 3, 10]
    ... )
    >>> ratio = display.observed["training"] / display.predicted["training"]
    >>> bool(abs(ratio - 1).max() < 0.1)
    True
    """

    def __init__(self, steps: Any, predicted: Any, *, observed: Any = None) -> None:
        self.steps = steps
        self.predicted = predicted
        self.observed = observed

    @classmethod
    def from_dynamics(
        cls,
        dynamics: Any,
        y_test: Any = None,
        *,
        observed: Any = None,
        ax: Any = None,
        line_kw: Any = None,
    ) -> Any:
        """Take the errors from predictions.

        Parameters
        ----------
        dynamics : TrainingDynamics
            What `predict_training` returns, at several steps.
        y_test : array-like, default=None
            Values at the test rows of the predictions.
        observed : dict of str to array-like of shape (n_steps,), default=None
            Mean squared errors of a training at the same steps, named "training" and "test".
        ax, line_kw
            As in `plot`.

        Returns
        -------
        TrainingDynamicsDisplay
        """
        predicted = {"training": np.atleast_1d(dynamics.loss)}
        if y_test is not None:
            predicted["test"] = np.atleast_1d(dynamics.test_loss(y_test))
        return cls(np.atleast_1d(dynamics.steps), predicted, observed=observed).plot(
            ax, line_kw=line_kw
        )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        X_test: Any = None,
        y_test: Any = None,
        *,
        steps: Any,
        ax: Any = None,
        line_kw: Any = None,
    ) -> Any:
        """Predict the training of a clone from its own tangent kernel, then train it.

        Parameters
        ----------
        estimator : CoordinateMLPRegressor or Pipeline
            Set to plain gradient descent: solver="sgd", batch_size="full",
            learning_rate="constant", no weight decay, early stopping or batch normalization. It is
            left as it is.
        X, y, X_test, y_test : array-like
            Coordinates and values to train on, and to test on.
        steps : array-like of int of shape (n_steps,)
            Steps at which errors are measured.
        ax, line_kw
            As in `plot`.

        Returns
        -------
        TrainingDynamicsDisplay

        Raises
        ------
        ValueError
            If the estimator is set to anything else than plain gradient descent; or as
            `predict_training`.
        """
        steps = np.unique(steps)
        estimator, learning_rate = _untrained(estimator, X, y)
        dynamics = predict_training(
            estimator, X, y, X_test, learning_rate=learning_rate, steps=steps, loss="mean"
        )
        rows = {"training": (X, y)}
        if y_test is not None:
            rows["test"] = (X_test, y_test)
        observed = _observe(estimator, X, y, steps, rows)
        return cls.from_dynamics(dynamics, y_test, observed=observed, ax=ax, line_kw=line_kw)

    def plot(self, ax: Any = None, *, line_kw: Any = None) -> Any:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.
        line_kw : dict, default=None
            For matplotlib's `plot`.

        Returns
        -------
        TrainingDynamicsDisplay
        """
        ax, line_kw = self._axes(ax), line_kw or {}
        self.lines_: list = []
        colors: dict[str, str] = {}
        for word, style, curves in (
            ("predicted", "--", self.predicted),
            ("observed", "-", self.observed or {}),
        ):
            for name, values in curves.items():
                options = {"label": f"{name}, {word}", "linestyle": style}
                options |= {"color": colors[name]} if name in colors else {}
                (line,) = ax.plot(self.steps, values, **(options | line_kw))
                colors[name] = line.get_color()
                self.lines_.append(line)
        ax.set(xlabel="steps of gradient descent", ylabel="mean squared error", yscale="log")
        ax.legend()
        return self


def _untrained(estimator, X, y):
    """Return a clone that is built and not trained, and its learning rate."""
    estimator = clone(estimator)
    network = last_step(estimator)
    for name, plain in _PLAIN.items():
        if getattr(network, name, None) not in plain:
            raise ValueError(
                f"The theory is one of plain gradient descent: set {name}={plain[0]!r}. Got "
                f"{getattr(network, name, None)!r}."
            )
    network.set_params(max_iter=0, warm_start=True)
    return estimator.fit(X, y), network.learning_rate_init


def _observe(estimator, X, y, steps, rows):
    """Train on, and look at the mean squared errors at steps."""
    network, done = last_step(estimator), 0
    errors: dict[str, list] = {name: [] for name in rows}
    for step in steps.tolist():
        if step > done:
            network.set_params(max_iter=step - done)
            estimator.fit(X, y)
            done = step
        for name, (places, values) in rows.items():
            errors[name].append(np.mean((estimator.predict(places) - values) ** 2))
    return {name: np.array(values) for name, values in errors.items()}
