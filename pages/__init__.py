"""Pages: what people open in a browser. Rendered here, without scripts, in their language, for a telephone first."""

from pages.gate import Gate
from pages.rendering import language_of, page
from pages.tontines import tontine_routes

__all__ = ["Gate", "language_of", "page", "tontine_routes"]
