"""A training in a file, from which it goes on after a crash as if there had been none."""

import copy
import io
import os
import time
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import filelock
import joblib
import numpy as np
import torch

import skfourier
from skfourier._files import check_target
from skfourier._training import _processes as processes
from skfourier._training._loop import History, Progress
from skfourier._training._sigma_search import Choice

_FORMAT = 3
# Of the time of a training: what writing may take.
_SHARE_OF_TIME = 0.02
# Parameters that may be others when a training goes on.
_NOT_COMPARED = ("checkpoint", "resume", "verbose", "warm_start")
_ARRAYS = ("X", "y", "sample_weight", "X_val", "y_val", "sample_weight_val")


class Checkpoint:
    """The file of one training, which no other may write to meanwhile.

    Of several processes the first reads and writes it. All go on from what it has read.

    Parameters
    ----------
    path : Path or None
        None keeps no file.
    fingerprint : dict of str or None
        What must be the same for a training to go on.
    random_state : RandomState
        As it was when the fit began.
    state : dict or None
        What the file held; None begins a training.
    """

    def __init__(self, path, fingerprint, random_state, state):
        self.path, self.fingerprint, self.state = path, fingerprint, state
        self.random_state = random_state
        if state is not None:
            self.random_state = np.random.RandomState()
            self.random_state.set_state(state["random_state"])
        self.begun = copy.deepcopy(self.random_state)
        self.chosen: Choice | None = None
        self.written, self.cost = time.perf_counter(), 0.0

    def choice(self, search):
        """Return the choice of sigma, of the file or of a search that begins now; or None."""
        if self.state is None:
            self.chosen = search()
        elif self.state["choice"] is not None:
            sigma, alpha, tried = self.state["choice"]
            tried = {name: np.array(column) for name, column in tried.items()}
            self.chosen = Choice(
                np.array(sigma) if isinstance(sigma, list) else sigma, alpha, tried
            )
        return self.chosen

    def restore(self, training):
        """Set a training to where the file left it; return its progress, None at the start."""
        if self.state is None:
            return None
        training.network.load_state_dict(self.state["network"])
        training.network.eval()
        training.optimizer.load_state_dict(self.state["optimizer"])
        if training.schedule is not None:
            training.schedule.load_state_dict(self.state["schedule"])
        if training.generator is not None:
            training.generator.set_state(self.state["generator"])
        progress = self.state["progress"]
        return Progress(**progress | {"history": History(**progress["history"])})

    def after_epoch(self, training, progress):
        """Write the file, if so little time goes into it."""
        if time.perf_counter() - self.written >= self.cost / _SHARE_OF_TIME:
            self.write(training, progress)

    def write(self, training, progress):
        """Write the file: it appears whole, in place of the one before.

        Warns
        -----
        UserWarning
            If that is not possible: the training goes on.
        """
        if self.path is None or processes.rank() > 0:
            return
        start = time.perf_counter()
        partial = self.path.with_name(self.path.name + ".partial")  # ours alone, by the lock
        try:
            torch.save(self._state(training, progress), partial)
            os.replace(partial, self.path)
        except (OSError, RuntimeError) as error:  # torch's writer raises either
            warnings.warn(
                f"The checkpoint {self.path} could not be written: {error}. The training goes on; "
                f"the file is as it was before.",
                UserWarning,
                stacklevel=2,
            )
        self.written = time.perf_counter()
        self.cost = self.written - start

    def _state(self, training, progress):
        schedule, generator, chosen = training.schedule, training.generator, self.chosen
        name, keys, *rest = self.begun.get_state()
        return {
            "format": _FORMAT,
            "fingerprint": self.fingerprint,
            "random_state": (name, keys.tolist(), *rest),
            "choice": chosen
            and (
                np.asarray(chosen.sigma).tolist(),
                chosen.alpha,
                {name: column.tolist() for name, column in chosen.tried.items()},
            ),
            "network": training.network.state_dict(),
            "optimizer": training.optimizer.state_dict(),
            "schedule": None if schedule is None else schedule.state_dict(),
            "generator": None if generator is None else generator.get_state(),
            "progress": asdict(progress),
        }


@contextmanager
def opened_checkpoint(params, rows, validation, random_state):
    """Give the checkpoint that a training asks for, to be written by it alone.

    Parameters
    ----------
    params : dict
        Of the estimator, `checkpoint` and `resume` among them.
    rows, validation : tuple of ndarray or None
        X, y and weights; those of rows to score, or None.
    random_state : RandomState

    Raises
    ------
    FileExistsError
        If there is such a file, and it is not to be resumed.
    ValueError
        If it is of another training: with what differs.
    OSError
        If another training writes to it, it cannot be written, or is damaged.
    ConnectionError
        If another process is lost in the block: the file is whole.
    """
    if params["checkpoint"] is None:
        yield Checkpoint(None, None, random_state, None)
        return
    path = Path(params["checkpoint"]).absolute()
    fingerprint = _fingerprint(params, rows, validation)
    with ExitStack() as held:
        state = processes.of_first(
            lambda: held.enter_context(_locked_state(path, fingerprint, resume=params["resume"]))
        )
        try:
            yield Checkpoint(path, fingerprint, random_state, state)
        except processes.LostProcess as error:
            raise processes.LostProcess(
                f"{error} The checkpoint {path} is whole: start all processes again, with "
                f"resume=True."
            ) from error.__cause__


@contextmanager
def _locked_state(path, fingerprint, *, resume):
    """Give what the file holds, None where there is none, which no other training has meanwhile."""
    check_target(path)
    try:
        held = filelock.FileLock(f"{path}.lock").acquire(timeout=0)
    except filelock.Timeout:
        raise OSError(
            f"Another training writes to {path}. Wait for it, or take another checkpoint."
        ) from None
    with held:
        state = None
        if path.exists():
            if not resume:
                raise FileExistsError(
                    f"{path} exists. Pass resume=True to go on with its training, or delete it."
                )
            state = _read(path)
            _check_same(path, state["fingerprint"], fingerprint)
        yield state


def _fingerprint(params, rows, validation):
    """Return what tells trainings apart: parameters, versions, and data of all processes."""
    compared = {name: value for name, value in params.items() if name not in _NOT_COMPARED}
    arrays = (*rows, *(validation or (None,) * 3))
    data = dict(zip(_ARRAYS, arrays, strict=True))
    versions = {"skfourier": skfourier.__version__, "torch": str(torch.__version__)}
    shapes = {f"the shape of {name}": str(np.shape(array)) for name, array in data.items()}
    values = {f"the values of {name}": joblib.hash(array) for name, array in data.items()}
    first, *others = processes.each(shapes | values)
    return {
        **versions,
        **{name: joblib.hash(value) for name, value in compared.items()},
        **first,
        "the number of processes": str(processes.count()),
        **{
            f"{name} in process {other}": value
            for other, theirs in enumerate(others, start=1)
            for name, value in theirs.items()
        },
    }


def _check_same(path, theirs, ours):
    different = [name for name in ours if theirs.get(name) != ours[name]]
    if different:
        values = [
            f"{name} ({theirs.get(name)} there, {ours[name]} here)"
            if not str(ours[name]).isalnum() or len(ours[name]) != 32
            else name
            for name in different
        ]
        raise ValueError(
            f"{path} is of another training. Different are: {', '.join(values)}. Fit as before to "
            f"go on, or take another checkpoint."
        )


def _read(path):
    content = io.BytesIO(path.read_bytes())
    try:
        state = torch.load(content, weights_only=True)
        known = state["format"]
    except Exception as error:  # torch raises whatever it stumbles over
        raise OSError(
            f"{path} is damaged, or not a checkpoint: {error}. Delete it to start afresh."
        ) from error
    if known != _FORMAT:
        raise OSError(f"{path} has format {known}, and this version reads {_FORMAT}.")
    return state
