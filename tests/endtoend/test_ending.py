"""A process that cannot do its work ends, says why, and leaves nothing hanging: the system starts it again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from appliance.cli import town as surroundings

METERS = "\n".join(
    f"""
[[zone.meter]]
name = "m{slot}"
driver = "modbus"
slot = {slot}
settings = {{ transport = "tcp", host = "127.0.0.1", port = 9, unit = {slot + 1}, model = "eastron-sdm120" }}"""
    for slot in range(16)
)


def config_text(port: int, deployer: str = "ST000000000000000000002AMW42H") -> str:
    homes = "\n".join(f'{slot} = "A-{slot + 1:02}"' for slot in range(16))
    return f"""
data = "data"
[chain]
node = "http://127.0.0.1:9"
network = "testnet"
deployer = "{deployer}"
[portal]
port = {port}
[[zone]]
zone = 1
name = "Lane A"
utility = "electricity"
slots = 16
first_block = 20000
[zone.dwellings]
{homes}
{METERS}
"""


async def ended(folder: Path, text: str) -> tuple[int, str]:
    """Exit code and last words of an appliance with this configuration."""
    (folder / "mita.toml").write_text(text)
    command = surroundings.python("appliance", "run", "-c", folder / "mita.toml")
    async with surroundings.process(lambda _: None, *command) as running, asyncio.timeout(60):
        return await running.ended(), "\n".join(running.last_words)


async def test_a_taken_port_ends_the_process(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, words = await ended(tmp_path, config_text(taken.getsockname()[1]))
    assert code == 1
    assert "address already in use: stop what uses it or set portal.port" in words
    assert "Traceback" not in words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("ST000000000000000000002AMW42H", "SP000000000000000000002Q6VF78"), "is no address of the testnet"),
        (('model = "eastron-sdm120"', 'model = "nonsense"'), "model"),
        (('driver = "modbus"', 'driver = "smoke"'), "no such driver"),
        (('9 = "A-10"', '9 = "A-01"'), "is at two slots"),
    ],
)
async def test_a_mistake_in_the_configuration_is_said_in_words(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    code, said = await ended(tmp_path, config_text(0).replace(*change))
    assert code == 2
    assert words in said
    assert "Traceback" not in said


def commands() -> list[str]:
    """The command lines of all processes."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            found.append(path.read_bytes().decode(errors="replace"))
    return found


async def test_a_demonstration_that_is_stopped_leaves_nothing(node: Path, tmp_path: Path) -> None:
    running = await asyncio.create_subprocess_exec(
        *surroundings.python("appliance", "demo"),
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert running.stdout is not None
    try:
        async with asyncio.timeout(60):
            await running.stdout.readline()
            assert list(tmp_path.glob("mita-demo-*"))
            running.terminate()
            said = (await running.stdout.read()).decode()
            assert await running.wait() == 128 + signal.SIGTERM
    finally:
        if running.returncode is None:
            running.kill()
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []
    assert [command for command in commands() if str(tmp_path) in command] == [], "a process of it goes on"
