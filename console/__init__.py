"""The operator's console: pages for whoever helps members, on the members' own server.

Everything is made here, on the server, and works without a script: a slow telephone in a back office is enough.
"""

from console.command import COMMAND, ask_in_group, console_command
from console.doors import DOORS, Door
from console.house import House
from console.links import LINK_LIFE, make_link, way_in
from console.reports import begin_to_count, register_reports
from console.routes import console_routes

__all__ = [
    "COMMAND",
    "DOORS",
    "LINK_LIFE",
    "Door",
    "House",
    "ask_in_group",
    "begin_to_count",
    "console_command",
    "console_routes",
    "make_link",
    "register_reports",
    "way_in",
]
