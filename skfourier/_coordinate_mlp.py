"""The network: coordinates in, values out, with the spectrum sampled inside."""

import copy
import math
import os
from contextlib import contextmanager
from functools import partial
from numbers import Integral, Real
from os import PathLike
from typing import Any, Self

import joblib
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, clone
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state

from skfourier._checks import check_new_rows, check_samples, known_name, number_of_rows
from skfourier._fourier_features import FourierFeatures
from skfourier._lazy import by_blocks
from skfourier._saving import Saved
from skfourier._sklearn import DOC_LINK, Interval, StrOptions, _fit_context, unchanged_on_error
from skfourier._tasks import Tasks
from skfourier._training import _processes as processes
from skfourier._training._agreement import check_same_training, of_mean_one
from skfourier._training._blocks import block_rows
from skfourier._training._checkpoint import opened_checkpoint
from skfourier._training._embeddings import (
    check_embedding,
    chooses_sigma,
    count_features,
    embedding_module,
    sigma_directions,
)
from skfourier._training._held_out import scorer, split_rows, take
from skfourier._training._live_line import LiveLine, psnr_of_loss
from skfourier._training._loop import Training, train
from skfourier._training._network import TargetScaling, build_network, checked_widths
from skfourier._training._network_state import network_state, restored_network
from skfourier._training._optimizer_state import optimizer_state, restored_optimizer
from skfourier._training._optimizers import alphas_to_compare, build_optimizer, build_schedule
from skfourier._training._plan import (
    check_normalized_batches,
    epochs,
    rows_per_step,
    steps_per_epoch,
)
from skfourier._training._precision import (
    PRECISIONS,
    choose_device,
    choose_precision,
    device_here,
    on_cpu,
    state_on_cpu,
)
from skfourier._training._prediction import predict, predict_gradient
from skfourier._training._samples import as_samples
from skfourier._training._sigma_search import (
    MOST_ROWS_SCORED,
    Candidate,
    restored_search,
    search_sigma,
)
from skfourier._training._torch_modes import own_torch_modes

# Parameters that say what a network looks like.
_SHAPES = ("hidden_layer_sizes", "activation", "batch_norm", "output_activation")
# Parameters that a fit which goes on from another one cannot change.
_STRUCTURE = (*_SHAPES, "embedding", "device", "precision")
# Attributes that files hold as they are, and as arrays.
_KEPT = ("embedding_", "device_", "precision_", "alpha_", "n_samples_seen_")
_CURVES = ("loss_curve_", "validation_scores_")


class CoordinateMLPRegressor(
    Saved, CallbackSupportMixin, MultiOutputMixin, RegressorMixin, BaseEstimator
):
    r"""Represent a signal by a network from coordinates to values.

    .. math:: \hat y(v) = \mathrm{MLP}(\gamma(v)), \quad
              \min_\theta \frac{\sum_i w_i \lVert \hat y(v_i) - y_i \rVert^2}
              {n_{outputs} \sum_i w_i}

    Without an embedding :math:`\gamma` such a network blurs (its spectral bias). With Fourier
    features it learns frequencies near their sigma; pass them as `embedding`, or as a step
    before it in a Pipeline.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(256, 256, 256)
        Widths of the hidden layers.
    activation : {"sine", "tanh", "relu", "gelu", "siren", "gaussian", "erf"} or \
            torch.nn.Module, default="sine"
        After each hidden layer. "sine" is sin(z), which on Fourier features of photographs learns
        faster than "tanh", which learns faster than the paper's "relu". "siren" is sin(30 z), and
        needs a learning_rate_init of about 2e-4. Or an object of `skfourier.activations`
        (``SIREN(omega_0=60)``), or any torch module: each layer gets a copy.
    embedding : transformer with a method `to_module`, or None, default=None
        `FourierFeatures`, or your own transformer: after ``fit(X, y)`` its ``to_module(dtype)``
        returns a torch module from coordinates, (n_samples, n_features) in the dtype of X, to a
        matrix in `dtype`; the module's parameters are trained with the network's. It is cloned,
        fitted on X, then computed inside the network batch by batch: the features of all rows are
        never in memory together. A random_state that is None comes from this estimator's. With
        ``FourierFeatures(sigma="auto")``, or any embedding with a parameter `sigma` that is "auto",
        and `sigma_` after its fit, sigma is chosen on rows held out: trainings of a sixteenth of
        `max_iter` bracket it in factors of two from `sigma_`, then the best go on to three eighths,
        and `alpha` is chosen at half. With the training of all rows after it the fit takes as many
        steps as 2.2 to 2.5 trainings. "auto_per_axis" does so separately for columns of unequal
        `sigma_`. With fewer than 2 rows to hold out, with ``max_iter=0`` and in `partial_fit`,
        `sigma_` is used.
    batch_norm : bool, default=False
        Batch normalization after each activation, as in the paper. Sample weights enter the
        loss but not the batch statistics.
    output_activation : {"identity", "sigmoid"}, default="identity"
        With "identity" the targets are standardized inside (to weighted mean 0 and standard
        deviation 1 for each output); with "sigmoid" they are taken as they are and must lie in
        [0, 1].
    initialization : {"auto", "he", "torch"} or callable, default="auto"
        "auto" depends on the activation: normal weights for "sine", SIREN's for "siren", Glorot's
        for "tanh", else "torch", that of `torch.nn.Linear`, which the paper uses. A callable gets
        each linear layer and a torch.Generator, and draws the layer's weights in place; it may
        return the variances of weights and biases, which `empirical_ntk` needs for its
        parametrization "ntk".
    solver : str or callable, default="schedulefree"
        "schedulefree" is Adam that averages its weights (Defazio et al.), from the package of that
        name. On photographs it is ahead of all others after the same number of steps, and it can be
        stopped at any time. Or an optimizer of `torch.optim`, by its name in lower case: "adam"
        (the paper's, 5e-3), "sgd" (0.1 or so), "lbfgs" (0.5, and `batch_size="full"`), ... Or a
        callable that makes an optimizer from parameters and `lr`:
        ``functools.partial(torch.optim.SGD, momentum=0.9)``.
    alpha : float or "auto", default="auto"
        Weight decay of the solver, on the weights of the linear layers. It makes the network
        smoother between the rows, and less accurate at them. "auto" is 0, unless sigma is chosen on
        rows held out: then a weak or a strong decay is chosen there too, for "schedulefree" and
        "adamw", or none where there is next to no noise.
    batch_size : int, "auto" or "full", default="auto"
        Rows in one step (of all processes). "auto" takes 1,024, or all rows if there are fewer.
    learning_rate_init : float, default=1e-2
        Step size at the start.
    learning_rate : {"auto", "constant", "cosine"}, default="auto"
        Schedule of the step size; "cosine" takes it to 0 at the last step of `max_iter`. "auto" is
        "constant" for "schedulefree", which needs no other, else "cosine".
    max_iter : int or "auto", default="auto"
        Number of epochs: passes over all rows. "auto" takes as many as make 500 steps, about 10 s
        on two cores with the default network; more of them give a better fit. 0 builds the
        network and leaves it untrained.
    shuffle : bool, default=True
        Whether rows are put in another order before each epoch (where a batch is not all rows).
    tol : float or None, default=None
        Stop when neither loss nor validation score improves by more than `tol` in
        `n_iter_no_change` epochs. None goes on to `max_iter`, as "cosine" needs; with
        `early_stopping` it is 0.
    n_iter_no_change : int, default=10
        See `tol`.
    early_stopping : bool, default=False
        Hold out `validation_fraction` of the rows, score them (R^2) after each epoch, stop by
        `tol` and keep the best epoch's weights.
    validation_fraction : float, default=0.1
        Rows held out by `early_stopping`, and to choose the embedding's sigma.
    warm_start : bool, default=False
        Whether `fit` continues from the weights, the embedding and the scale of y of the last fit.
        Parameters that shape the network must be the same. Many short fits end where a long one
        does, to the last bit, unless the learning rate has a schedule or parameters of the solver
        change: then the solver starts afresh. For solvers other than "schedulefree" that takes
        learning_rate="constant".
    checkpoint : str or path-like, default=None
        A file that `fit` keeps up to date, which takes 2 % of its time: after a crash `resume`
        continues from it. The file remains when the fit has ended.
    resume : bool, default=False
        Whether `fit` continues the training of `checkpoint`, if that file exists: it ends with the
        weights of an uninterrupted fit, to the last bit on the same machine with the same number of
        threads. Parameters and data must be the same.
    verbose : bool, default=False
        Whether to print one line that follows the epochs: loss, PSNR on the training rows, epochs
        per second, time left. For more see `set_callbacks`, which takes scikit-learn's callbacks:
        ``sklearn.callback.ProgressBar()``, ``ScoringMonitor(scoring=psnr_scorer)``, or your own;
        each epoch of a `fit` is a task, and a callback may end the training.
    random_state : int, RandomState instance or None, default=None
        Seeds the weights, the order of rows and the validation split. Pass an int for the same
        result in every fit.
    device : str, default="auto"
        Where torch computes: "cpu", "cuda", ...; "auto" takes CUDA if there is one.
    precision : {"auto", "bfloat16", "float32", "float64"}, default="auto"
        "auto" takes float64 where X is float64 and all rows fit one step of few products, where
        it costs little (64 rows of the default network, 1,024 of a small one); else, whatever
        X's dtype, bfloat16 where the processor has instructions for it, float32 elsewhere.
        "bfloat16" rounds the products of the hidden layers in training only: weights, sums of
        the output and predictions are in float32, as far as
        `torch.set_float32_matmul_precision` leaves them there, and phases in float64.

    Attributes
    ----------
    module_ : torch.nn.Sequential
        The network, from coordinates to the units of y: embedding and scaling are parts of it.
    embedding_ : transformer or None
        The embedding, fitted on X. Where its module has parameters, the trained ones are those of
        ``module_.embedding``.
    alpha_ : float
        The weight decay of the training.
    sigma_search_ : dict or None
        If sigma was chosen, what was compared, a row for each score: "sigma", ndarray of shape
        (n_tried, n_features), "alpha", "n_epochs" (how long each had been trained) and "score" (R^2
        of the rows held out; -inf if the training exploded), of shape (n_tried,). The choice itself
        is ``embedding_.sigma_`` and `alpha_`.
    loss_curve_ : list of float
        Mean squared error of each epoch, of the standardized targets ("identity": the fraction
        of the variance that is not explained) or of y itself ("sigmoid"), taken while the
        weights move.
    best_loss_ : float
        The smallest of `loss_curve_`; NaN if there was no epoch.
    validation_scores_ : list of float
        R^2 on the rows held out after each epoch; empty without `early_stopping`.
    best_validation_score_ : float or None
        The largest of `validation_scores_`, that of the weights kept; None without.
    n_iter_ : int
        Number of epochs done, by this `fit`, or by all `partial_fit`; as long as the lists.
    n_samples_seen_ : int
        Number of rows given to `fit`, or to it and all `partial_fit` after it.
    device_, precision_ : str
        The values that "auto" resolved to.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of X, if all are strings.

    See Also
    --------
    FourierFeatures : The embedding, also as a transformer for any other model.

    References
    ----------
    Ryan Diaz, "Fourier features for high-frequency, low-dimensional image and video
    representations".

    Tancik et al., "Fourier features let networks learn high frequency functions in low
    dimensional domains", 2020.

    Defazio, Yang, Mehta, Mishchenko, Khaled and Cutkosky, "The road less scheduled", 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skfourier import CoordinateMLPRegressor, FourierFeatures
    >>> X = np.linspace(0, 1, 100, endpoint=False).reshape(-1, 1)
    >>> y = np.sign(np.sin(2 * np.pi * 3 * X[:, 0]))
    >>> network = CoordinateMLPRegressor(
    ...     hidden_layer_sizes=(64, 64), embedding=FourierFeatures(sigma=5), random_state=0
    ... )
    >>> network.fit(X, y).score(X, y) > 0.99
    True

    The paper's recipe for images is

    >>> paper = CoordinateMLPRegressor(
    ...     activation="relu", embedding=FourierFeatures(sigma=10, n_frequencies=128),
    ...     batch_norm=True, output_activation="sigmoid", initialization="torch",
    ...     solver="adam", learning_rate="constant", learning_rate_init=1e-4,
    ...     batch_size="full", max_iter=400,
    ... )

    The network as a torch program, without skfourier; ``torch.onnx.export(program,
    dynamo=True).save("network.onnx")`` makes an ONNX model of it:

    >>> import torch
    >>> rows = torch.tensor(X[:2])
    >>> program = torch.export.export(
    ...     network.module_, (rows,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)
    ... )
    >>> values = program.module()(torch.tensor(X))
    >>> bool(np.allclose(values.detach()[:, 0], network.predict(X), atol=1e-5))
    True
    """

    _doc_link_module = "skfourier"
    _doc_link_template = DOC_LINK
    _parameter_constraints = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [str, torch.nn.Module],
        "embedding": "no_validation",  # fit asks for its methods
        "batch_norm": ["boolean"],
        "output_activation": [str],
        "initialization": [str, callable],
        "solver": [str, callable],
        "alpha": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"})],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto", "full"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "learning_rate": [str],
        "max_iter": [Interval(Integral, 0, None, closed="left"), StrOptions({"auto"})],
        "shuffle": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "warm_start": ["boolean"],
        "checkpoint": [str, os.PathLike, None],
        "resume": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "device": [str, torch.device],
        "precision": [str],
    }

    def __init__(
        self,
        hidden_layer_sizes: Any = (256, 256, 256),
        activation: Any = "sine",
        *,
        embedding: Any = None,
        batch_norm: bool = False,
        output_activation: str = "identity",
        initialization: Any = "auto",
        solver: Any = "schedulefree",
        alpha: Any = "auto",
        batch_size: Any = "auto",
        learning_rate_init: float = 1e-2,
        learning_rate: str = "auto",
        max_iter: Any = "auto",
        shuffle: bool = True,
        tol: float | None = None,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        checkpoint: str | PathLike[str] | None = None,
        resume: bool = False,
        verbose: bool = False,
        random_state: Any = None,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.embedding = embedding
        self.batch_norm = batch_norm
        self.output_activation = output_activation
        self.initialization = initialization
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.resume = resume
        self.verbose = verbose
        self.random_state = random_state
        self.device = device
        self.precision = precision

    _optimizer: torch.optim.Optimizer | None
    _optimizer_settings: dict
    _order: torch.Tensor
    loss_curve_: list

    @own_torch_modes()
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Train the network; in a group of `torch.distributed`, on the rows of all processes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Values there.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows' squared errors; rows of weight zero are ignored.
        X_val, y_val, sample_weight_val : array-like, default=None
            Validation rows, scored after each epoch in place of the rows held out by
            `early_stopping` and to choose sigma. The best epoch's weights are kept, whether or not
            the training ends early. In a pipeline with a transformer before the network, pass
            ``Pipeline(..., transform_input=["X_val"])`` to transform these rows too.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X or y is not finite or real, or they do not match; if a name is unknown (the
            message has the known ones); if y leaves [0, 1] under a sigmoid; if the loss explodes
            or is not finite before anything was learned: an earlier fit stays as it was; if
            `checkpoint` is of another training: with what differs.
        OSError
            If `checkpoint` exists and `resume` is False; if another fit writes to it; if it cannot
            be written, or is damaged.
        ConnectionError
            If another process of the group ends, or does not answer within the group's timeout.

        Warns
        -----
        ConvergenceWarning
            If the loss explodes later, or Ctrl-C is pressed: the best weights so far are kept.
            (In a search or an ensemble, while sigma is chosen, and with several processes, Ctrl-C
            is raised again.)
        """
        with unchanged_on_error(self):
            self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))
            self.n_samples_seen_ = number_of_rows(X)
        return self

    @own_torch_modes()
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on these rows, with a constant learning rate.

        The scale of y, the embedding and the precision are fixed by the first block. Between two
        calls `save` and `skfourier.load` lose nothing: the file has the state of the optimizer too.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Values there.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows' squared errors, relative to the mean weight of this block.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As in `fit`, weights and optimizer being as before this block; or if `early_stopping` is
            set, which needs rows held out from all data.
        """
        self._validate_params()  # scikit-learn's decorator does so in the first call only
        if self.early_stopping:
            raise ValueError(
                "partial_fit sees one block at a time and cannot hold rows out of the whole. Set "
                "early_stopping=False, and score the model on rows of your own."
            )
        with unchanged_on_error(self):
            self._partial_fit(X, y, sample_weight)
            self.n_samples_seen_ = getattr(self, "n_samples_seen_", 0) + number_of_rows(X)
        return self

    @by_blocks
    def predict(self, X: Any) -> Any:
        """Predict the values at coordinates, block by block.

        Parameters
        ----------
        X : array-like or dask array of shape (n_samples, n_features)
            Coordinates.

        Returns
        -------
        ndarray, or dask array as X, of shape (n_samples,) or (n_samples, n_outputs), as y was
            In the units and the dtype of y.

        Raises
        ------
        ValueError
            If X is not finite, or has other columns than in `fit`.
        """
        return self._finite(predict, X)

    @by_blocks
    def predict_gradient(self, X: Any) -> NDArray[Any]:
        r"""Differentiate the predictions with respect to the coordinates, block by block.

        .. math:: G_{ikj} = \partial \hat y_k(v_i) / \partial v_{ij}

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Coordinates.

        Returns
        -------
        ndarray of shape (n_samples, n_features) or (n_samples, n_outputs, n_features), as y was
            In units of y per unit of X: the edges of an image, the velocities of a path. Exact
            but for rounding; with "relu" it is constant between kinks.

        Raises
        ------
        ValueError
            If X is not finite, or has other columns than in `fit`.

        Examples
        --------
        >>> import numpy as np
        >>> from skfourier import CoordinateMLPRegressor, FourierFeatures
        >>> X = np.linspace(0, 1, 100, endpoint=False).reshape(-1, 1)
        >>> network = CoordinateMLPRegressor(embedding=FourierFeatures(1), random_state=0)
        >>> slope = network.fit(X, np.sin(2 * np.pi * X[:, 0])).predict_gradient([[0.5]])
        >>> bool(abs(slope[0, 0] + 2 * np.pi) < 0.5)
        True
        """
        return self._finite(predict_gradient, X)

    @own_torch_modes()
    def _finite(self, function, X):
        """Evaluate a function of the network at checked coordinates; refuse what overflows."""
        X = check_new_rows(self, X)
        check_embedding(self.embedding_, X)
        values = function(self.module_, X)
        if not np.all(np.isfinite(values)):
            raise ValueError(
                f"The predictions overflow {self.precision_}: X lies up to {np.abs(X).max():g}, "
                f"far outside what the network was trained on."
            )
        return values[:, 0] if self._y_ndim == 1 else values

    def _fit(self, X, y, sample_weight, validation):
        warm = self.warm_start and hasattr(self, "module_")
        if warm and self.checkpoint is not None:
            raise ValueError(
                "checkpoint is that of a whole fit, and warm_start=True goes on from a network in "
                "memory. Leave out one of them."
            )
        X, y, weight, validation = self._validated(X, y, sample_weight, validation, going_on=warm)
        random_state = processes.of_first(lambda: check_random_state(self.random_state))
        params = self.get_params(deep=False)
        with opened_checkpoint(params, (X, y, weight), validation, random_state) as checkpoint:
            self._fit_rows(X, y, weight, validation, checkpoint, warm=warm)

    def _fit_rows(self, X, y, weight, validation, checkpoint, *, warm):
        """Build the network, unless it is there, and train it."""
        rows, scored, random_state = (X, y, weight), validation, checkpoint.random_state
        if validation is None and self.early_stopping:
            rows, scored = split_rows(*rows, self.validation_fraction, random_state)
        if not warm:
            search = partial(self._search_sigma, *rows, random_state, validation)
            self._build(*rows, random_state, checkpoint.choice(search))
        samples = as_samples(self.module_, *rows)
        max_iter = epochs(self.max_iter, self.batch_size, processes.each(len(samples)))
        optimizer, is_kept = self._optimizer_now()
        generator = _generator(random_state)
        if is_kept and hasattr(self, "_order"):
            generator.set_state(self._order)
        training = self._new_training(
            self.module_, optimizer, samples, generator, n_epochs=max_iter
        )
        progress = checkpoint.restore(training)
        with self._watched(*rows, max_iter) as (before_epoch, after_epoch):
            progress = train(
                training,
                samples,
                max_iter=max_iter,
                tol=0.0 if self.tol is None and self.early_stopping else self.tol,
                n_iter_no_change=self.n_iter_no_change,
                score=scored and scorer(*scored),
                before_epoch=before_epoch,
                after_epoch=[*after_epoch, partial(checkpoint.after_epoch, training)],
                progress=progress,
            )
            if progress.finished:
                checkpoint.write(training, progress)
            self._store(progress.history.loss_curve, progress.history.validation_scores)
        # Twice the weights; and a schedule starts afresh, with a new optimizer.
        self._optimizer = optimizer if self.warm_start and training.schedule is None else None
        self._optimizer_settings = self._optimizer_parameters()
        self._order = generator.get_state()

    def _optimizer_now(self):
        """Return the optimizer so far if its parameters are still the same, and whether it is."""
        settings = self._optimizer_parameters()
        if self._optimizer is not None and self._optimizer_settings == settings:
            return self._optimizer, True
        return build_optimizer(self.module_, **settings), False

    @contextmanager
    def _watched(self, X, y, weight, max_iter):
        """Give what a training calls before and after each epoch: callbacks, and the live line."""
        rows = X, y[:, 0] if self._y_ndim == 1 else y, weight
        tasks = Tasks(self, *rows, max_subtasks=max_iter)
        psnr = psnr_of_loss(self.module_.scaling, y)
        line = LiveLine(max_iter, psnr) if self.verbose and not processes.rank() else None

        def end_task(_):
            return tasks.end(lambda: {"module_": copy.deepcopy(self.module_)})

        try:
            yield lambda _: tasks.begin("epoch"), [end_task, *([line] if line else [])]
        finally:
            if line:
                line.close()
        tasks.close()

    def _validated_rows_to_score(self, X, y, weight):
        """Check the rows that the caller scores; None if there are none."""
        if X is None and y is None and weight is None:
            return None
        if X is None or y is None:
            raise ValueError("X_val and y_val belong together: pass both, or neither.")
        X, y, weight = check_samples(self, X, y, weight, reset=False)
        if y.ndim != self._y_ndim:
            raise ValueError(
                f"y_val must have the form of y, of {self._y_ndim} dimensions. Got shape {y.shape}."
            )
        if len(X) < 2:
            raise ValueError(f"R^2 takes two rows or more. X_val has {len(X)} of positive weight.")
        return X, y.reshape(len(y), -1), weight

    def _partial_fit(self, X, y, sample_weight):
        begun = hasattr(self, "module_")
        X, y, weight, _ = self._validated(X, y, sample_weight, (None,) * 3, going_on=begun)
        if not begun or self._optimizer is None or not hasattr(self, "_random_state"):
            self._random_state = processes.of_first(lambda: check_random_state(self.random_state))
        if not begun:
            self._build(X, y, weight, self._random_state)
        self._optimizer, _ = self._optimizer_now()
        self._optimizer_settings = self._optimizer_parameters()
        samples = as_samples(self.module_, X, y, weight)
        generator = _generator(self._random_state)
        training = self._new_training(self.module_, self._optimizer, samples, generator)
        history = train(training, samples, max_iter=1).history
        self._store([*self.loss_curve_, *history.loss_curve], [])

    def _validated(self, X, y, sample_weight, validation, *, going_on):
        """Check the rows of a fit, in all processes; drop those of weight zero; scale weights."""
        with processes.together():
            X, y, weight = check_samples(self, X, y, sample_weight, reset=not going_on)
            if going_on:
                self._check_goes_on(y)
            else:
                self._y_ndim = y.ndim
            y = y.reshape(len(y), -1)
            validation = self._validated_rows_to_score(*validation)
        params = self.get_params(deep=False)
        check_same_training(params, X, y, weight, validation, going_on=going_on)
        return X, y, weight if weight is None else of_mean_one(weight), validation

    def _check_goes_on(self, y):
        """Check that the network of the last fit is the one that is asked for now."""
        n_outputs = self.module_.output.out_features
        if y.reshape(len(y), -1).shape[1] != n_outputs:
            raise ValueError(
                f"y must have {n_outputs} outputs, as in the fit that this one goes on from. Got "
                f"shape {y.shape}."
            )
        for name, before in self._structure.items():
            now = getattr(self, name)
            if joblib.hash(now) != joblib.hash(before):
                raise ValueError(
                    f"{name} was {before} in the fit that this one goes on from, and is {now} "
                    f"now. Set it back, or start afresh (warm_start=False; a clone)."
                )

    def _build(self, X, y, weight, random_state, chosen=None):
        """Fit the embedding and build the network, untrained; a choice replaces "auto"."""
        sigma = None if chosen is None else chosen.sigma
        built = self._untrained(X, y, weight, random_state, sigma)
        self.embedding_, self.module_, self.precision_ = built
        self.device_ = str(self.module_.output.weight.device)
        self._structure = {name: copy.deepcopy(getattr(self, name)) for name in _STRUCTURE}
        self._optimizer, self._optimizer_settings, self.loss_curve_ = None, {}, []
        self.sigma_search_ = None if chosen is None else chosen.tried
        self.alpha_ = 0.0 if chosen is None else chosen.alpha

    def _untrained(self, X, y, weight, random_state, sigma):
        """Return a fitted embedding, an untrained network on it, and the network's precision."""
        embedding = self._fitted_embedding(X, y, random_state, sigma)
        device = choose_device(self.device)
        widths = checked_widths(self.hidden_layer_sizes)
        precision = choose_precision(self.precision, device, X, self.batch_size, widths)
        dtype = PRECISIONS[precision]
        module = embedding_module(embedding, dtype)
        network = build_network(
            count_features(module, X),
            y.shape[1],
            **{name: getattr(self, name) for name in _SHAPES},
            initialization=self.initialization,
            embedding=module,
            scaling=TargetScaling.of(y, weight, self.output_activation),
            dtype=dtype,
            generator=_generator(random_state),
        )
        return embedding, network.to(device), precision

    def _fitted_embedding(self, X, y, random_state, sigma):
        if self.embedding is None:
            return None
        if not hasattr(self.embedding, "to_module"):
            raise ValueError(
                f"embedding must be None or a transformer with a method to_module(dtype), as "
                f"FourierFeatures is one. Got {self.embedding!r}."
            )
        embedding = clone(self.embedding)
        if sigma is not None:
            embedding.set_params(sigma=sigma)
        if embedding.get_params(deep=False).get("random_state", 0) is None:
            embedding.set_params(random_state=random_state.randint(np.iinfo(np.int32).max))
        embedding.fit(X, y)
        check_embedding(embedding, X)
        return embedding

    def _search_sigma(self, X, y, weight, random_state, validation):
        """Choose the embedding's sigma, and alpha, on rows held out or those of the caller's.

        None where sigma is given, there is no training, or one row or none to hold out.
        Every candidate, and the network after it, draws from the same random state: the network
        is that of a fit with the sigma that was chosen.
        """
        if self.max_iter == 0 or not chooses_sigma(self.embedding):
            return None
        if validation is None and self.validation_fraction * len(np.unique(X, axis=0)) <= 1:
            return None
        rule = clone(self.embedding).fit(X, y).sigma_
        start = np.broadcast_to(np.asarray(rule, dtype=float), X.shape[1:])
        n_epochs = epochs(self.max_iter, self.batch_size, [len(X)])
        rows = X, y, weight
        if validation is None:
            state = copy.deepcopy(random_state)
            rows, validation = split_rows(*rows, self.validation_fraction, state)
        scored = slice(None, None, math.ceil(len(validation[0]) / MOST_ROWS_SCORED))
        score = scorer(*take(scored, *validation))

        def candidate_at(sigma, alpha, n_parts):
            state = copy.deepcopy(random_state)
            _, network, precision = self._untrained(*rows, state, sigma)
            optimizer = build_optimizer(network, **self._optimizer_parameters(alpha))
            samples, generator = as_samples(network, *rows), _generator(state)
            training = self._new_training(
                network, optimizer, samples, generator, n_epochs=n_epochs, precision=precision
            )
            # Each part is spread over all rows.
            parts = [samples.take(slice(i, None, n_parts)) for i in range(n_parts)]
            return Candidate(training, parts, score)

        directions = sigma_directions(self.embedding, start)
        n_steps = n_epochs * steps_per_epoch(self.batch_size, [len(rows[0])])
        alphas = alphas_to_compare(self.alpha, self.solver, self.learning_rate_init, n_steps)
        return search_sigma(start, directions, candidate_at, n_epochs, alphas)

    def __getstate__(self):
        """Return what pickles hold: the network on the CPU, which is everywhere.

        Of an optimizer between two `partial_fit` it is the state, as torch pickles only what all
        optimizers have in common, and "lbfgs" has more.
        """
        state = dict(super().__getstate__())
        if "module_" in state:
            state["module_"] = on_cpu(self.module_)
        optimizer = state.get("_optimizer")
        if optimizer is not None:
            state["_optimizer"] = state_on_cpu(optimizer.state_dict())
        return state

    def __setstate__(self, state):
        """Restore a pickle, on the device of the training if that is here."""
        super().__setstate__(state)
        if "module_" in state:
            device = device_here(self.device_)
            self.module_.to(device)
            self.device_ = str(device)
        if state.get("_optimizer") is not None:
            self._optimizer = build_optimizer(self.module_, **self._optimizer_settings)
            self._optimizer.load_state_dict(state["_optimizer"])

    def _fitted_state(self):
        searched = {} if self.sigma_search_ is None else {"sigma_search_": self.sigma_search_}
        return searched | {
            **{name: np.array(getattr(self, name), dtype=float) for name in _CURVES},
            **{name: getattr(self, name) for name in _KEPT},
            "structure": self._structure,
            "network": network_state(self.module_),
            "y_ndim": self._y_ndim,
        }

    def _stream_state(self):
        """Return the optimizer, and what draws the order of rows."""
        if self._optimizer is None:
            return {}
        # With other settings than its own the next block would build it anew.
        optimizer, is_kept = self._optimizer_now()
        settings = self._optimizer_parameters()
        state = {"optimizer": optimizer_state(optimizer, self.module_, settings)}
        if hasattr(self, "_random_state"):
            state["random_state"] = self._random_state
        if is_kept and hasattr(self, "_order"):
            state["order"] = self._order.numpy()
        return {"stream": state}

    @own_torch_modes()
    def _restore(self, state):
        self.alpha_ = state.take("alpha_", float)
        if not 0 <= self.alpha_ < math.inf:
            raise ValueError(f"alpha_ is {self.alpha_}")
        losses = state.array("loss_curve_", (None,))
        scores = state.array("validation_scores_", (None,), finite=False)
        self._store(losses.tolist(), scores.tolist())
        self._structure = state.take("structure", dict)
        if self._structure.keys() != set(_STRUCTURE):
            raise ValueError(f"structure has the entries {sorted(self._structure)[:9]}")
        self.embedding_ = state.take("embedding_", FourierFeatures, type(None))
        self.precision_ = known_name(state.take("precision_", str), PRECISIONS, "precision_")
        self.module_ = restored_network(
            state.part("network"),
            self.n_features_in_,
            embedding=self.embedding_,
            dtype=PRECISIONS[self.precision_],
            **{name: self._structure[name] for name in _SHAPES},
        )
        device = device_here(state.take("device_", str))
        self.module_.to(device)
        self.device_, self._y_ndim = str(device), state.count("y_ndim", least=1)
        if self._y_ndim > 2 or (self._y_ndim == 1 and self.module_.output.out_features != 1):
            raise ValueError(f"y_ndim is {self._y_ndim}")
        self.sigma_search_ = None
        if "sigma_search_" in state:
            self.sigma_search_ = restored_search(state.part("sigma_search_"), self.n_features_in_)
        self.n_samples_seen_ = state.count("n_samples_seen_", least=1)
        self._optimizer, self._optimizer_settings = None, {}
        if "stream" in state:
            self._restore_stream(state.part("stream"))

    def _restore_stream(self, state):
        settings = self._optimizer_settings = self._optimizer_parameters()
        self._optimizer = restored_optimizer(state.part("optimizer"), self.module_, settings)
        if "random_state" in state:
            self._random_state = state.take("random_state", np.random.RandomState)
        if "order" in state:
            self._order = torch.from_numpy(state.array("order", (None,), np.uint8))
            torch.Generator().set_state(self._order)  # which refuses what is no state
        state.finish()

    def _optimizer_parameters(self, alpha=None):
        """Return what `build_optimizer` takes; None is the alpha of the training."""
        if alpha is None:
            alpha = self.alpha_ if self.alpha == "auto" else self.alpha
        return {
            "solver": self.solver,
            "learning_rate": self.learning_rate_init,
            "alpha": float(alpha),
        }

    def _new_training(
        self, network, optimizer, samples, generator, *, n_epochs=None, precision=None
    ):
        """Return a training of so many epochs, None of one block of a stream."""
        if self.batch_norm:
            check_normalized_batches(self.batch_size, len(samples))
        sizes = processes.each(len(samples))
        batch_size = rows_per_step(self.batch_size, sum(sizes))
        schedule = None
        if n_epochs is not None:
            n_steps = n_epochs * steps_per_epoch(batch_size, sizes)
            schedule = build_schedule(optimizer, self.learning_rate, n_steps)
        return Training(
            network=network,
            optimizer=optimizer,
            schedule=schedule,
            batch_size=batch_size,
            # Batch normalization is one of the whole batch.
            block_size=batch_size if self.batch_norm else block_rows(network),
            generator=generator if self.shuffle and batch_size < sum(sizes) else None,
            precision=precision or self.precision_,
        )

    def _store(self, loss_curve, validation_scores):
        self.alpha_ = self._optimizer_parameters()["alpha"]
        self.loss_curve_ = loss_curve
        self.validation_scores_ = validation_scores
        self.best_loss_ = min(loss_curve, default=math.nan)
        self.best_validation_score_ = max(validation_scores, default=None)
        self.n_iter_ = len(loss_curve)


def _generator(random_state):
    return torch.Generator().manual_seed(int(random_state.randint(np.iinfo(np.int32).max)))
