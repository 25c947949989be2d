"""Pages: what people open in a browser. Rendered here, in their language, for a telephone first."""

from pages.gate import Gate
from pages.pin import pin_routes
from pages.rendering import language_of, page
from pages.tontines import tontine_routes

__all__ = ["Gate", "language_of", "page", "pin_routes", "tontine_routes"]
