"""What a Bot API method is: it reads its parameters, changes the world at once, and tells the result."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from sandbox.telegram.params import Params
from sandbox.telegram.world import World

Result: TypeAlias = Mapping[str, object] | Sequence[object] | bool
Method: TypeAlias = Callable[[World, Params], Result]
