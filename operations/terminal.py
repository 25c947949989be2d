"""What every `cauri` command does at its edges: read the settings, do the work, end with a sentence."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import typer

from core import i18n, settings
from core.errors import Refusal
from core.settings import Settings, SettingsError
from operations.readiness import NotReady

T = TypeVar("T")


def known_settings() -> Settings:
    """The settings; where they are wrong the command ends with what is wrong."""
    try:
        return settings.load()
    except SettingsError as error:
        fail("\n".join(error.problems))


def finish(work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to; where it cannot be done the command ends with why."""
    try:
        return asyncio.run(work)
    except Refusal as refusal:
        fail(f"❌ {i18n.text('en', refusal.key, **refusal.params).striptags()}")
    except (NotReady, OSError, ValueError) as error:
        fail(str(error))


def fail(sentence: str) -> NoReturn:
    """End the command with 1."""
    typer.echo(sentence, err=True)
    sys.exit(1)
