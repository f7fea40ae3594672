"""The processes of a torch.distributed group, each with rows of its own, as one training.

Where the caller has initialized no group there is one process, and all of this changes nothing.
"""

from contextlib import contextmanager

import numpy as np
import torch
import torch.distributed as dist


class LostProcess(ConnectionError):
    """Another process of the group ended, or did not answer in time."""


def count():
    """Return the number of processes."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank():
    """Return the number of this process, from 0."""
    return dist.get_rank() if count() > 1 else 0


def add_up(*tensors):
    """Add tensors up over all processes, in place: the sums are the same everywhere, bit by bit."""
    if count() > 1:
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        with _connected():
            dist.all_reduce(flat)
        for tensor, total in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(total.reshape(tensor.shape))


def each(value):
    """Return the values of all processes, as a list."""
    values = [value] * count()
    if count() > 1:
        with _connected():
            dist.all_gather_object(values, value)
    return values


def of_first(compute):
    """Return what a function returns in the first process, or raise its error, in all of them."""
    if count() == 1:
        return compute()
    outcome = [None, None]
    if rank() == 0:
        try:
            outcome[0] = compute()
        except Exception as error:
            outcome[1] = error
    with _connected():
        dist.broadcast_object_list(outcome)
    if outcome[1] is not None:
        raise outcome[1]
    return outcome[0]


def copy_from_first(module):
    """Give a module the weights that it has in the first process."""
    if count() > 1:
        with _connected():
            for tensor in module.state_dict().values():
                dist.broadcast(tensor, src=0)


@contextmanager
def together():
    """Raise an error in all processes if the block, which must not communicate, does so in one."""
    try:
        yield
    except Exception as error:
        each(f"{type(error).__name__}: {error}")
        raise
    for other, message in enumerate(each(None)):
        if message is not None:
            raise ValueError(f"The rows of process {other} cannot be fitted. {message}")


def own_order(generator):
    """Return a generator of this process's own, from one that is in the same state in all."""
    if count() == 1:
        return generator
    seed = torch.randint(2**31, (), generator=generator).item()
    return torch.Generator().manual_seed(seed + rank())


def own_random_state(random_state):
    """Return a random state of this process's own, from one that is the same in all."""
    if count() == 1:
        return random_state
    return np.random.RandomState(random_state.randint(2**31 - count()) + rank())


@contextmanager
def _connected():
    """Turn what the back end says when it fails into one sentence."""
    try:
        yield
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        raise LostProcess(
            f"Process {rank()} of {count()} has lost another one, which ended or did not answer "
            f"within the timeout of init_process_group ({reason})."
        ) from error
