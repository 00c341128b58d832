"""Tasks pass through any executor, a few at a time, each once."""

from collections import deque
from concurrent.futures import BrokenExecutor, CancelledError, Future, ThreadPoolExecutor
from threading import Lock
from time import sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.engines.pools import WorkerDiedError, flown, outcome


@given(st.lists(st.integers(), max_size=20), st.integers(1, 4), st.integers(1, 4))
def test_each_task_is_done_once_and_no_more_at_a_time_than_may_be(tasks, most, threads):
    with ThreadPoolExecutor(threads) as pool:
        under_way, seen, lock = [0], [0], Lock()

        def counted(task):
            with lock:
                under_way[0] += 1
                seen[0] = max(seen[0], under_way[0])
            sleep(0)
            with lock:
                under_way[0] -= 1
            return task

        given_ = [
            (task, future.result()) for task, future in flown(deque(tasks), lambda _, t: pool.submit(counted, t), most)
        ]
    assert sorted(task for task, _ in given_) == sorted(tasks)
    assert all(task == result for task, result in given_)
    assert seen[0] <= most


def test_an_executor_that_is_broken_takes_nothing():
    def broken(*_):
        raise BrokenExecutor

    waiting = deque([1, 2, 3])
    assert list(flown(waiting, broken, 2)) == []
    assert waiting == deque([1, 2, 3])


def test_what_a_broken_executor_did_not_take_remains():
    def breaking(_, task):
        if task == 3:
            raise BrokenExecutor
        future = Future()
        future.set_exception(BrokenExecutor())
        return future

    waiting = deque([1, 2, 3, 4])
    assert sorted(task for task, _ in flown(waiting, breaking, 2)) == [1, 2]
    assert waiting == deque([3, 4])


def test_a_future_that_is_canceled_tells_of_the_cluster():
    future = Future()
    future.cancel()
    with pytest.raises(CancelledError):
        future.exception()
    assert isinstance(outcome(future), WorkerDiedError)


def test_an_interrupt_is_no_outcome():
    future = Future()
    future.set_exception(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        outcome(future)
