"""The rules of posting, replayed for one loan from its beginning: the second opinion on the SQL.

Nothing here is shared with the statements but the amortisation schedule: instalments are objects that get paid, days
are walked one by one, money is moved step by step.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

from payments_pipeline.rules.amortisation import Terms, due_on
from payments_pipeline.rules.amortisation import instalment as parts_of


@dataclass(frozen=True)
class Policy:
    name: str
    order: tuple[str, ...]
    releases: bool
    late_share_ppm: int = 0
    late_flat: int = 0
    late_cap: int = 0
    nsf_fee: int = 0


@dataclass(frozen=True)
class Receipt:
    payment: str
    effective_on: date
    occurred: int
    cents: int
    returned_on: date | None = None
    is_nsf: bool = False


@dataclass
class Instalment:
    number: int
    due_on: date
    interest: int
    principal: int
    escrow: int

    @property
    def unpaid(self) -> int:
        return self.interest + self.principal + self.escrow


@dataclass
class Fee:
    kind: str
    cause: str
    charged_on: date
    cents: int
    unpaid: int


@dataclass
class Outcome:
    """What the ledger must hold net: parts by payment, releases by day, fees by cause, and the suspense at the end."""

    parts: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    releases: dict[date, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    fees: dict[tuple[str, str], int] = field(default_factory=dict)
    suspense: int = 0


def replay(
    terms: Terms,
    grace_days: int,
    statuses: list[tuple[date, str]],
    policies: dict[str, Policy],
    receipts: list[Receipt],
    first: date,
    last: date,
) -> Outcome:
    """Walk the loan day by day, from before its first instalment to the last day."""
    outcome = Outcome()
    instalments: list[Instalment] = []
    fees: list[Fee] = []
    paid_to_late_fees: list[tuple[date, int]] = []
    day = min([first, terms.first_due_on]) - timedelta(days=1)
    while day < last:
        day += timedelta(days=1)
        if len(instalments) < terms.last_instalment and due_on(terms.first_due_on, len(instalments) + 1) == day:
            n = len(instalments) + 1
            parts = parts_of(terms, n)
            instalments.append(Instalment(n, day, parts.interest_cents, parts.principal_cents, parts.escrow_cents))
        if day < first:
            continue  # what fell due before boarding is due; nothing else happened to us before
        policy = _policy(day, statuses, policies, instalments)
        fees += [
            Fee("nsf", receipt.payment, day, policy.nsf_fee, policy.nsf_fee)
            for receipt in receipts
            if receipt.returned_on == day and receipt.is_nsf and policy.nsf_fee
        ]
        _release(day, policy, instalments, outcome)
        for receipt in sorted((r for r in receipts if r.effective_on == day), key=lambda r: (r.occurred, r.payment)):
            parts_of_receipt = outcome.parts[receipt.payment]
            if receipt.returned_on is not None:
                parts_of_receipt["returned"] = receipt.cents
                continue
            left = receipt.cents
            for step in policy.order:
                for owed in fees if step == "fees" else instalments:
                    attribute = "unpaid" if step == "fees" else step
                    applied = min(left, getattr(owed, attribute))
                    setattr(owed, attribute, getattr(owed, attribute) - applied)
                    left -= applied
                    parts_of_receipt[step] += applied
                    if isinstance(owed, Fee) and owed.kind == "late":
                        paid_to_late_fees.append((day, applied))
            parts_of_receipt["suspense"] += left
            outcome.suspense += left
            _release(day, policy, instalments, outcome)
        _late_fee(day, grace_days, policy, instalments, fees, paid_to_late_fees)
    outcome.fees = {(fee.kind, fee.cause): fee.cents for fee in fees}
    return outcome


def _policy(
    day: date, statuses: list[tuple[date, str]], policies: dict[str, Policy], instalments: list[Instalment]
) -> Policy:
    status = max(((since, name) for since, name in statuses if since <= day), default=(day, "active"))[1]
    if status != "active":
        return policies[status]
    oldest = next((i for i in instalments if i.unpaid), None)
    behind = (day - oldest.due_on).days if oldest else 0
    return policies["current" if behind < 30 else "delinquent" if behind < 90 else "default"]


def _release(day: date, policy: Policy, instalments: list[Instalment], outcome: Outcome) -> None:
    while policy.releases and outcome.suspense:
        oldest = next((i for i in instalments if i.unpaid), None)
        if oldest is None or outcome.suspense < oldest.unpaid:
            return
        outcome.suspense -= oldest.unpaid
        for step in ("interest", "principal", "escrow"):
            outcome.releases[day][step] += getattr(oldest, step)
            setattr(oldest, step, 0)


def _late_fee(
    day: date,
    grace_days: int,
    policy: Policy,
    instalments: list[Instalment],
    fees: list[Fee],
    paid_to_late_fees: list[tuple[date, int]],
) -> None:
    for instalment in instalments:
        if instalment.due_on + timedelta(days=grace_days) != day or not policy.late_cap:
            continue
        behind = sum(i.interest + i.principal for i in instalments if i.number <= instalment.number)
        diverted = sum(cents for on, cents in paid_to_late_fees if on >= instalment.due_on)
        overdue = instalment.interest + instalment.principal
        amount = min(policy.late_cap, policy.late_flat + (overdue * policy.late_share_ppm + 500_000) // 1_000_000)
        if behind > diverted and amount:
            fees.append(Fee("late", str(instalment.number), day, amount, amount))
