"""The message folder of `make run`: messages arrive in order, and unreadable ones are skipped."""

import logging
import resource
import time
from queue import Empty
from shutil import rmtree

import pytest
from kombu import Connection

TRANSPORT = "evabc.broker:Transport"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "broker"


@pytest.fixture
def tasks(folder):
    """A queue of tasks in the folder."""
    options = {"folder": str(folder), "polling_interval": 0.01}
    with (
        Connection("folder://", transport=TRANSPORT, transport_options=options) as connection,
        connection.SimpleQueue("celery") as queue,
    ):
        yield queue


@pytest.mark.parametrize("content", [b"", b'{"body": "W1tdLC', b"[]", b"{}", b"null", b"\xff\xfe"])
def test_an_unreadable_message_is_renamed_and_the_next_one_arrives(content, tasks, folder, caplog):
    folder.mkdir(exist_ok=True)
    (folder / "0_x.celery.msg").write_bytes(content)
    tasks.put({"id": 1})

    with caplog.at_level(logging.ERROR, logger="evabc.broker"):
        message = tasks.get(timeout=5)
    message.ack()

    assert message.payload == {"id": 1}
    assert [file.name for file in folder.iterdir()] == ["0_x.celery.unreadable"]
    assert "renamed to .unreadable" in caplog.text


def test_messages_arrive_in_order_and_queues_are_separate(tasks, folder):
    for number in range(3):
        tasks.put(number)
    (folder / "1_x.other.msg").write_bytes(b"")

    assert [tasks.get(timeout=5).payload for _ in range(3)] == [0, 1, 2]
    assert (folder / "1_x.other.msg").exists()


def test_a_deleted_folder_is_created_again(tasks, folder):
    tasks.put("before")
    rmtree(folder)

    tasks.put("after")

    assert tasks.get(timeout=5).payload == "after"


def test_a_folder_that_cannot_be_used_for_a_moment_is_reported_once(tasks, folder, caplog):
    tasks.put("before")
    moved = folder.rename(folder.with_suffix(".moved"))
    folder.write_text("a file in its place")

    with caplog.at_level(logging.ERROR, logger="evabc.broker"), pytest.raises(Empty):
        tasks.get(timeout=0.1)
    with pytest.raises(OSError):
        tasks.put("lost")
    folder.unlink()
    moved.rename(folder)

    assert tasks.get(timeout=5).payload == "before"
    assert caplog.text.count("The folder for task messages cannot be used: FileExistsError") == 1
    assert list(folder.iterdir()) == []


def test_a_message_whose_worker_exited_is_not_tried_again(tasks, folder):
    tasks.put("ends the worker")
    tasks.get(timeout=5)

    tasks.channel.connection.client.close()

    assert list(folder.iterdir()) == []


def test_a_full_disk_leaves_no_partial_message(tasks, folder):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(OSError):
            tasks.put("more than ten bytes")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert list(folder.iterdir()) == []


def test_a_message_that_another_worker_took_is_skipped(tasks, folder):
    for number in range(3):
        tasks.put(number)
    assert tasks.get(timeout=5).payload == 0  # the list of the others is read
    next(iter(sorted(folder.glob("*.msg")))).unlink()
    tasks.put(3)

    assert [tasks.get(timeout=5).payload for _ in range(2)] == [2, 3]


def test_thousands_of_messages_are_taken_in_seconds(tasks, folder):
    folder.mkdir(exist_ok=True)
    tasks.put("a task")
    [message] = folder.iterdir()
    for number in range(5_000):
        folder.joinpath(f"1_{number:04}.celery.msg").hardlink_to(message)
    began = time.perf_counter()

    for _ in range(5_000):
        tasks.get(timeout=5).ack()

    assert time.perf_counter() - began < 20
