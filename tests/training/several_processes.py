"""New processes that form a group of torch.distributed."""

import multiprocessing
import os
import pickle
from datetime import timedelta

import torch.distributed as dist

# Seconds, for a machine that is busy: who waits for a process that has ended hears of it at once.
PATIENCE = 240


def in_processes(function, folder, *arguments, timeout=PATIENCE):
    """Call ``function(rank, *arguments)`` in two processes; return what each returned or raised.

    None for one that was killed.
    """
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_one, args=(function, folder, rank, timeout, *arguments))
        for rank in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
        if process.is_alive():
            process.kill()
            raise AssertionError("A process hangs.")
    return [_answer(folder, rank) for rank in range(2)]


def _answer(folder, rank):
    path = folder / f"answer {rank}"
    return pickle.loads(path.read_bytes()) if path.exists() else None


def _one(function, folder, rank, timeout, *arguments):
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    path = folder / f"answer {rank}"
    path.unlink(missing_ok=True)
    dist.init_process_group(
        "gloo",
        init_method=f"file://{folder}/group",
        rank=rank,
        world_size=2,
        timeout=timedelta(seconds=timeout),
    )
    try:
        answer = function(rank, *arguments)
    except Exception as error:
        answer = error
    path.write_bytes(pickle.dumps(answer))
    dist.destroy_process_group()
