"""A fit and its parts as tasks of scikit-learn's callbacks."""

from contextlib import contextmanager


class Tasks:
    """The fit of an estimator, and parts of it that follow one another.

    Parameters
    ----------
    estimator : CallbackSupportMixin
        With the attributes that a part's `attributes` leave out already set.
    X, y : ndarray
        What callbacks that score take.
    weight : ndarray or None
    max_subtasks : int or None
        How many parts there are at most; None if nobody knows.
    """

    def __init__(self, estimator, X, y, weight, *, max_subtasks):
        self.estimator = estimator
        metadata = {} if weight is None else {"sample_weight": weight}
        self.data = {"X": X, "y": y, "metadata": metadata}
        self.whole = estimator._init_callback_context(max_subtasks=max_subtasks)
        self.whole.call_on_fit_task_begin(estimator=estimator, **self.data)

    def begin(self, name):
        """Tell callbacks that a part begins."""
        self.part = self.whole.subcontext(task_name=name)
        self.part.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    @contextmanager
    def within(self, name, other):
        """Tell callbacks that a part begins, which is the fit of another estimator.

        Inside, its tasks are subtasks of the part, for those callbacks that go that deep.
        """
        self.part = self.whole.subcontext(task_name=name)
        with self.part.propagate_callback_context(other):
            self.part.call_on_fit_task_begin(estimator=self.estimator, **self.data)
            yield

    def end(self, attributes=None):
        """Tell callbacks that the part has ended; return whether one of them asks to stop.

        Parameters
        ----------
        attributes : callable, default=None
            Returns the fitted attributes of an estimator as it is now, or None; called if needed.
        """
        return self._end(self.part, attributes)

    def close(self):
        """Tell callbacks that the fit has ended; the estimator is fitted."""
        self._end(self.whole, dict)

    @contextmanager
    def iterations(self):
        """Give what a solver asks before each iteration, a part, whether to stop."""
        begun = stopped = False

        def asked():
            nonlocal begun, stopped
            if begun:
                stopped = stopped or self.end()
            begun = not stopped
            if begun:
                self.begin("iteration")
            return stopped

        yield asked
        if begun:
            self.end()

    def _end(self, task, attributes):
        return task.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=attributes, **self.data
        )
