"""The sandbox as a process: it starts with one line, stops at a signal, and a kill loses nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.sandbox.getmipay_world import BEARER, opened_world

ROOT = Path(__file__).parents[2]
Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start(tmp_path) -> Iterator[Start]:
    """Start `python -m sandbox` on a free port; give the process and its address."""
    started: list[subprocess.Popen[str]] = []

    def start_sandbox(*flags: str) -> tuple[subprocess.Popen[str], str]:
        data = str(tmp_path / "var" / "sandbox.sqlite3")
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--data", data, *flags]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        line = process.stdout.readline()
        assert line.startswith("sandbox ready on http://127.0.0.1:"), process.stderr.read()
        return process, line.removeprefix("sandbox ready on ").strip()

    yield start_sandbox
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_after_its_one_line(start: Start, number: signal.Signals):
    process, address = start()
    assert httpx.get(f"{address}/getmipay/").status_code == 200

    process.send_signal(number)
    printed, complaints = process.communicate()

    assert (process.returncode, printed, complaints) == (0, "", "")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.2", "::", "example.org"])  # noqa: S104 (refused)
def test_a_host_that_others_can_reach_is_refused_with_a_sentence(host: str, tmp_path):
    finished = subprocess.run(
        [sys.executable, "-m", "sandbox", "--host", host, "--data", str(tmp_path / "never")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr.startswith("sandbox: The sandbox only listens on this machine's loopback")
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_a_port_that_is_taken_is_told_in_one_line(start: Start, tmp_path):
    _, address = start()

    finished = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", address.rsplit(":")[-1], "--data", str(tmp_path / "second")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr.startswith("sandbox: ")
    assert finished.stderr.count("\n") == 1


def test_a_memory_that_cannot_be_opened_is_told_in_one_line(tmp_path):
    finished = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", "0", "--data", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (finished.returncode, finished.stderr) == (1, "sandbox: unable to open database file\n")


async def test_a_killed_sandbox_sends_the_pending_webhook_once_started_again(start: Start, tmp_path):
    async with opened_world(tmp_path / "merchant") as world:
        own = world.base
        world.answers = [503]
        process, address = start()
        world.base = f"{address}/getmipay"
        await world.turn(retry_delays_s=[600])
        deposit = await world.deposit(reference="ours")
        process.kill()
        process.communicate()

        _, address = start()
        world.base = f"{address}/getmipay"
        await world.flush(hurry=True)

        status = await world.client.get(f"{world.base}/v1/payments/{deposit['id']}/status", headers=BEARER)
        assert status.json()["status"] == "success"
        assert world.events == ["payment.completed"] * 2
        world.base = own
