"""The training loop: epochs of steps, and what is kept when they end early."""

import copy
import math
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial

import torch
from sklearn.exceptions import ConvergenceWarning

from skfourier._sklearn import is_one_of_several_fits
from skfourier._training import _processes as processes
from skfourier._training._cuda_graph import Recording, can_be_recorded, pays, record
from skfourier._training._optimizers import averages
from skfourier._training._plan import rows_of_steps, steps_per_epoch

# Training has exploded where the loss ends at so many times the first one, and as many times that
# of predicting the mean: 1, as targets are standardized. A sigmoid's loss is below both.
_EXPLODED = 10
# Rows at which it is looked for, before and after: a fraction of a step's time.
_ROWS_WATCHED = 256


@dataclass
class History:
    """The record of a training: losses and scores of its epochs."""

    loss_curve: list = field(default_factory=list)
    validation_scores: list = field(default_factory=list)

    def costs(self):
        """Return what is to become small: the losses, or the negative validation scores."""
        return [-score for score in self.validation_scores] or self.loss_curve

    def is_best(self):
        """Return whether the last epoch is the best so far."""
        return math.isfinite(self.costs()[-1]) and self.costs()[-1] <= min(self.costs())

    def has_learned(self):
        """Return whether some epoch came out better than the start, or than the mean of y (R^2)."""
        if not self.loss_curve:
            return False
        return (
            min(self.loss_curve) < self.loss_curve[0] or max(self.validation_scores, default=0) > 0
        )

    def has_stalled(self, tol, n_iter_no_change):
        """Return whether no epoch of the last `n_iter_no_change` improved by more than `tol`."""
        costs = self.costs()
        if len(costs) <= n_iter_no_change:
            return False
        return min(costs[-n_iter_no_change:]) > min(costs[:-n_iter_no_change]) - tol


@dataclass
class Progress:
    """The progress of a training, apart from the state of network, optimizer and generator.

    Parameters
    ----------
    history : History
    start, best, good : dict of tensor
        The weights after the last epoch; after the best one; and those known to be good: a loss is
        one of the weights before the epoch's steps, a score one of the weights after them.
    most : float
        A loss of the rows that are watched which is an explosion.
    finished : bool
        Whether the training has ended.
    """

    history: History
    start: dict
    best: dict
    good: dict
    most: float
    finished: bool = False

    def add(self, loss, score, weights):
        """Record an epoch: its loss, its score if there are any, and the weights after it."""
        self.history.loss_curve.append(loss)
        if score is not None:
            self.history.validation_scores.append(score)
        if self.history.is_best():
            self.best = weights
            self.good = self.start if score is None else weights
        self.start = weights


@dataclass(frozen=True)
class Training:
    """Everything that an epoch needs, and that stays the same from one to the next.

    The rows are those of this process. Steps, losses and `batch_size` are of all processes.
    """

    network: torch.nn.Sequential
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler | None
    batch_size: int
    block_size: int
    generator: torch.Generator | None
    precision: str
    recordings: dict[tuple, Recording | None] = field(default_factory=dict)

    @cached_property
    def records(self):
        """Whether gradients are recorded, for each kind of batches once."""
        return pays(self.network) and can_be_recorded(self.network)

    def epoch(self, samples):
        """Take one step for each batch; return the mean loss, as it was before each step."""
        if self.generator is not None:
            samples = samples.shuffled(processes.own_order(self.generator))
        sizes = processes.each(len(samples))
        n_rows = rows_of_steps(sizes, steps_per_epoch(self.batch_size, sizes))
        total = torch.zeros((), dtype=torch.float64, device=samples.X.device)
        with self.training_mode():
            for batch, n in zip(samples.split(len(n_rows)), n_rows, strict=True):
                total += self.step(batch, n) * n
                if self.schedule is not None:
                    self.schedule.step()
        return total.item() / sum(sizes)

    @contextmanager
    def training_mode(self):
        """Put the network, and an optimizer that averages its weights, in training mode."""
        parts: list = [self.network, *([self.optimizer] if averages(self.optimizer) else [])]
        for part in parts:
            part.train()
        try:
            yield
        finally:
            for part in parts:
                part.eval()

    def loss(self, rows):
        """Compute the loss at some rows, as a step would see it, and change nothing."""
        before = _weights(self.network)
        self.network.train()  # batch normalization takes the rows' own statistics, and notes them
        with torch.no_grad():
            errors = squared_error(self.network, rows, self.precision)
        self.network.eval()
        self.network.load_state_dict(before)
        processes.add_up(errors)
        return errors.item() / (sum(processes.each(len(rows))) * rows.y.shape[1])

    def step(self, batch, n_rows):
        """Move the weights once; return the loss before."""
        return self.optimizer.step(self._gradient_of(batch, n_rows))

    def _gradient_of(self, batch, n_rows):
        """Return what computes the gradient: a recording from the second batch of its kind on."""
        kind = len(batch), batch.features is None
        if not self.records or kind not in self.recordings:
            self.recordings[kind] = None
            return partial(self.gradient, batch, n_rows)
        recording = self.recordings[kind]
        if recording is None:
            recording = record(self.network, batch, partial(self.gradient, n_rows=n_rows))
            self.recordings[kind] = recording
        return partial(recording.replay, self.network, batch)

    def gradient(self, batch, n_rows):
        """Compute the gradient of the loss of `n_rows` rows, of which `batch` are this process's.

        Returns
        -------
        tensor
            The loss.
        """
        self.optimizer.zero_grad()
        loss = torch.zeros((), dtype=batch.y.dtype, device=batch.y.device)
        for block in batch.blocks(self.block_size):
            # Shares of one mean over the batch: their gradients add up to the batch's.
            errors = squared_error(self.network, block, self.precision)
            share = errors / (n_rows * batch.y.shape[1])
            share.backward()
            loss += share.detach()
        gradients = [parameter.grad for parameter in self.network.parameters()]
        processes.add_up(loss, *(gradient for gradient in gradients if gradient is not None))
        return loss


def squared_error(network, samples, precision):
    """Sum the squared errors, weighted; targets are compared before the output scaling.

    With precision "bfloat16" the hidden layers' products are rounded to it. The phases of the
    embedding, the sums of the output layer and the errors need all the digits of the weights.
    """
    features = network.embedding(samples.X) if samples.features is None else samples.features
    low = precision == "bfloat16"
    with torch.autocast(features.device.type, dtype=torch.bfloat16, enabled=low):
        hidden = network.hidden(features)
    outputs = network.output_activation(network.output(hidden.to(network.output.weight.dtype)))
    errors = (outputs - samples.y).square()
    if samples.weight is not None:
        errors = errors * samples.weight[:, None]
    return errors.sum()


def train(
    training,
    samples,
    *,
    max_iter,
    tol=None,
    n_iter_no_change=10,
    score=None,
    before_epoch=None,
    after_epoch=(),
    keep_interrupted=True,
    progress=None,
):
    """Train until `max_iter` epochs have passed or a stopping rule applies.

    Parameters
    ----------
    training : Training
    samples : Samples
    max_iter : int
    tol : float or None
        None never stops early.
    n_iter_no_change : int
    score : callable or None
        Validation score of the network; the best epoch's weights are then kept at the end.
    before_epoch : callable or None
        Called before each epoch, with the number of those done.
    after_epoch : sequence of callable
        Called after each epoch with the progress; the training ends where one returns True.
    keep_interrupted : bool, default=True
        Whether Ctrl-C ends the training and keeps its best weights, or is raised again. In a search
        or an ensemble, and with several processes, it is raised.
    progress : Progress or None, default=None
        Of a training that goes on.

    Returns
    -------
    Progress

    Raises
    ------
    ValueError
        If the loss explodes or is not finite in the first epochs, before anything was learned.
        After this or any other error network and optimizer are as before.
    ConnectionError
        If another process ends, or does not answer in time.

    Warns
    -----
    ConvergenceWarning
        If the loss explodes later, or Ctrl-C is pressed. The best weights are kept.
    """
    processes.copy_from_first(training.network)
    if training.precision == "bfloat16" and max_iter > 1:
        samples = samples.with_features(training.network)
    watched = samples.spread(_ROWS_WATCHED)
    # A half-trained candidate must not be scored, nor the next fit of several begin; and other
    # processes are elsewhere.
    alone = not is_one_of_several_fits() and processes.count() == 1

    def stalled(progress):
        return tol is not None and progress.history.has_stalled(tol, n_iter_no_change)

    with _as_before_on_error(training):
        progress = progress or _beginning(training, watched)
        keep = keep_interrupted and alone
        with _epochs_counted(progress), _ended_by_ctrl_c(training, progress, max_iter, keep=keep):
            _take_epochs(
                training,
                samples,
                progress,
                max_iter=max_iter,
                score=score,
                before_epoch=before_epoch,
                asks_to_stop=(*after_epoch, stalled),
            )
            _end(training, progress, watched, scored=score is not None)
    return progress


def _take_epochs(training, samples, progress, *, max_iter, score, before_epoch, asks_to_stop):
    """Take the epochs that are left, until one diverges or something asks to stop."""
    network = training.network
    for epoch in range(len(progress.history.loss_curve), max_iter):
        if progress.finished:
            break
        if before_epoch is not None:
            before_epoch(epoch)
        loss = training.epoch(samples)
        if not (math.isfinite(loss) and _is_finite(network)):
            _stop_diverged(training, progress, epoch + 1)
            break
        progress.add(loss, None if score is None else float(score(network)), _weights(network))
        asked_to_stop = [bool(ask(progress)) for ask in asks_to_stop]
        if any(processes.each(any(asked_to_stop))):
            break


def _end(training, progress, watched, *, scored):
    """Keep the best weights where they are known; warn of an explosion."""
    n_epochs = len(progress.history.loss_curve)
    if n_epochs and not training.loss(watched) <= progress.most:  # NaN is not
        _stop_diverged(training, progress, n_epochs)
    if scored:
        training.network.load_state_dict(progress.best)
    progress.finished = True


@contextmanager
def _as_before_on_error(training):
    """Put network and optimizer back as they were if an error ends the block."""
    before = _weights(training.network), copy.deepcopy(training.optimizer.state_dict())
    try:
        yield
    except BaseException:
        training.network.load_state_dict(before[0])
        training.optimizer.load_state_dict(before[1])
        training.network.eval()
        raise


@contextmanager
def _ended_by_ctrl_c(training, progress, max_iter, *, keep):
    """Let Ctrl-C end the block, with the best weights so far."""
    try:
        yield
    except KeyboardInterrupt:
        if not keep:
            raise
        training.network.eval()
        n_epochs = len(progress.history.loss_curve)
        if n_epochs:
            training.network.load_state_dict(progress.best)
        _warn(
            f"Training was interrupted after {n_epochs} of {max_iter} epochs. The estimator is "
            f"fitted, with the best weights so far."
        )


@contextmanager
def _epochs_counted(progress):
    """Say how far a training came that loses another process."""
    try:
        yield
    except processes.LostProcess as error:
        happened = f"Training ended after {len(progress.history.loss_curve)} epochs."
        raise processes.LostProcess(f"{happened} {error}") from error.__cause__


def _beginning(training, watched):
    weights = _weights(training.network)
    most = _EXPLODED * max(training.loss(watched), 1)
    return Progress(History(), start=weights, best=weights, good=weights, most=most)


def _weights(network):
    """Copy what the network has learned."""
    return {name: value.clone() for name, value in network.state_dict().items()}


def _is_finite(network):
    """Return whether weights, and statistics of batch normalization, are finite."""
    return all(torch.isfinite(value).all() for value in network.state_dict().values())


def _stop_diverged(training, progress, epoch):
    """Go back to the good weights and warn; raise if nothing was learned by then."""
    learning_rate = training.optimizer.defaults["lr"]
    happened = f"The training loss exploded or became non-finite in epoch {epoch}"
    advice = f"Lower learning_rate_init (it is {learning_rate:g}), or scale X."
    if not progress.history.has_learned():
        raise ValueError(f"{happened}, before anything was learned. {advice}")
    training.network.load_state_dict(progress.good)
    _warn(f"{happened}; training stops there, with the best weights before it. {advice}")


def _warn(message):
    # The user's own line is not known from here: fit may be called through any pipeline.
    warnings.warn(message, ConvergenceWarning, stacklevel=2)
