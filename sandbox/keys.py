"""What every room of the sandbox finds in the application."""

from aiohttp import web

from sandbox.settings import Settings
from sandbox.store import Store

SETTINGS = web.AppKey("settings", Settings)
STORE = web.AppKey("store", Store)
