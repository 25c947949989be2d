"""Message templates over the Graph API, and what their review says."""

from typing import Final

from sandbox.records import Json
from sandbox.whatsapp.calls import Call
from sandbox.whatsapp.errors import GraphError
from sandbox.whatsapp.knobs import Review
from sandbox.whatsapp.nodes import require_account
from sandbox.whatsapp.templates import Template
from sandbox.whatsapp.world import World

MOST_AT_ONCE: Final = 100
MOST_TEMPLATES: Final = 6000
_USUAL: Final = 25

_OUTCOMES: Final = {Review.APPROVE: "APPROVED", Review.REJECT: "REJECTED"}
_FILTERS: Final = ("name", "language", "category", "status")


async def create_template(call: Call) -> Json:
    """Take a template in, and review it as the knob says; the answer still says PENDING, as Meta's does."""
    require_account(call)
    world = call.world
    with world.records.transaction():
        template = world.templates.create(call.body)
        outcome = _OUTCOMES.get(world.board.knobs.template_review)
        if outcome is not None:
            review(world, template, outcome)
    return {"id": template.id, "status": template.status, "category": template.category}


def review(world: World, template: Template, status: str) -> Template:
    """Decide about a template, and tell the business."""
    reason = "INCORRECT_CATEGORY" if status == "REJECTED" else "NONE"
    reviewed = world.templates.review(template, status, reason if status == "REJECTED" else None)
    value = {
        "event": status,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": template.category,
        "reason": reason,
    }
    world.notices.push(value, field="message_template_status_update")
    return reviewed


async def list_templates(call: Call) -> Json:
    require_account(call)
    query = call.query
    found = [template.as_details() for template in call.world.templates.all()]
    for name in _FILTERS:
        if query.get(name):
            found = [each for each in found if _fits(each, name, query[name])]
    begin = int(query["after"]) if query.get("after", "").isdigit() else 0
    limit = min(int(query["limit"]) if query.get("limit", "").isdigit() else _USUAL, MOST_AT_ONCE)
    shown = found[begin : begin + limit]
    paging: Json = {"cursors": {"before": str(begin), "after": str(begin + len(shown))}}
    if begin + limit < len(found):
        following = call.request.url.update_query(after=str(begin + limit)).relative()
        paging["next"] = f"{call.origin}{following}"
    summary = {"summary": _summary(found)} if "summary" in query else {}
    return {"data": [_chosen(each, query) for each in shown], "paging": paging, **summary}


async def delete_template(call: Call) -> Json:
    require_account(call)
    with call.world.records.transaction():
        if not call.world.templates.delete(call.query.get("name", ""), call.query.get("hsm_id")):
            raise GraphError(100, title="Message Template Not Found", subcode=2593002)
    return {"success": True}


def _summary(templates: list[Json]) -> Json:
    return {
        "total_count": len(templates),
        "message_template_count": len(templates),
        "message_template_limit": MOST_TEMPLATES,
        "are_translations_complete": True,
    }


def _fits(template: Json, name: str, wanted: str) -> bool:
    value = str(template[name])
    return wanted.lower() in value.lower() if name == "name" else value.lower() == wanted.lower()


def _chosen(template: Json, query: dict[str, str]) -> Json:
    asked = [field for field in query.get("fields", "").split(",") if field]
    return {name: value for name, value in template.items() if not asked or name in {*asked, "id"}}
