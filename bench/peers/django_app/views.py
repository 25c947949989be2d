"""The webhook: verify, record the event once, lock the rows, move the money, leave the notice; one transaction."""

import hashlib
import hmac
import json

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bench.peers.django_app.models import Account, Deposit, Event, Notice, Transfer


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    expected = hmac.new(settings.WEBHOOK_SECRET.encode(), request.body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Signature", "")):
        return JsonResponse({"outcome": "bad_signature"}, status=401)
    return JsonResponse({"outcome": _settle(json.loads(request.body), request.body.decode())})


@transaction.atomic
def _settle(data: dict, body: str) -> str:
    _, is_new = Event.objects.get_or_create(
        transaction_id=data["transaction_id"], event=data["event"], defaults={"body": body}
    )
    if not is_new:
        return "duplicate"
    deposit = Deposit.objects.select_for_update().get(provider_id=data["transaction_id"])
    if deposit.state == "settled" or deposit.amount != data["amount"]:
        return "no_effect"
    deposit.state = "settled"
    deposit.settled_at = timezone.now()
    deposit.save(update_fields=["state", "settled_at"])
    # Locked in one order, so that no two webhooks wait for each other.
    owners = {"provider", "fees"}
    house = Account.objects.filter(owner__in=owners) | Account.objects.filter(pk=deposit.wallet_id)
    accounts = {account.owner: account for account in house.select_for_update().order_by("pk")}
    wallet = next(account for owner, account in accounts.items() if owner not in owners)
    legs = [(accounts["provider"], wallet, deposit.amount, "deposit"), (wallet, accounts["fees"], deposit.fee, "fee")]
    Transfer.objects.bulk_create(
        [
            Transfer(deposit=deposit, debit=debit, credit=credit, amount=amount, kind=kind)
            for debit, credit, amount, kind in legs
            if amount
        ]
    )
    changes = {accounts["provider"]: -deposit.amount, wallet: deposit.amount - deposit.fee}
    changes[accounts["fees"]] = deposit.fee
    for account, change in changes.items():
        if change:
            Account.objects.filter(pk=account.pk).update(balance=F("balance") + change)
    Notice.objects.create(kind="deposit.settled", payload={"id": deposit.pk})
    return "applied"
