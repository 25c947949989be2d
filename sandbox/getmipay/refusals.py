"""How GetMiPay says no."""

from aiohttp import web


class RefusalError(Exception):
    """A refusal of the API: `message` for people, or `code` for machines."""

    def __init__(self, status: int, message: str = "", *, code: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(message or code)
        self.status = status
        self.body = {"success": False} | ({"error": code} if code else {"message": message})
        self.headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}

    def response(self) -> web.Response:
        return web.json_response(self.body, status=self.status, headers=self.headers)
