"""A small ledger: accounts with a balance, transfers between two of them, deposits, events, notices."""

from django.db import models


class Account(models.Model):
    owner = models.CharField(max_length=64, unique=True)
    balance = models.BigIntegerField(default=0)

    class Meta:
        db_table = "account"


class Deposit(models.Model):
    reference = models.CharField(max_length=20, unique=True)
    provider_id = models.CharField(max_length=100, unique=True)
    wallet = models.ForeignKey(Account, on_delete=models.PROTECT)
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()
    state = models.CharField(max_length=16)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "deposit"


class Event(models.Model):
    transaction_id = models.CharField(max_length=100)
    event = models.CharField(max_length=100)
    body = models.TextField()
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "event"
        constraints = (models.UniqueConstraint(fields=["transaction_id", "event"], name="once"),)


class Transfer(models.Model):
    deposit = models.ForeignKey(Deposit, on_delete=models.PROTECT)
    debit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="debits")
    credit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="credits")
    amount = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "transfer"


class Notice(models.Model):
    kind = models.CharField(max_length=64)
    payload = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "notice"
