"""How often real life gets in the way, in one table.

Each rate is a share of what `of` names, as servicers and processors see them in an ordinary month; `--noise` multiplies
all of them. Noise is about payments and their delivery. What loans are (delinquent, bankrupt, closed) is not noise and
stays at any setting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rate:
    """One thing that goes otherwise than planned."""

    share: float
    of: str
    what: str

    def times(self, noise: float) -> float:
        """The share in a world with this much noise."""
        return min(1.0, self.share * noise)


# What borrowers do.
PARTIAL: Final = Rate(0.015, "payments for a due date", "less than the instalment")
OVERPAYMENT: Final = Rate(0.02, "payments for a due date", "more than the instalment, meant for principal")
SECOND_THAT_DAY: Final = Rate(
    0.02, "payments", "another payment of a loan on the same day: the instalment in two pieces, or an extra"
)
SECOND_ON_PEAK_DAY: Final = Rate(0.08, "payments of the peak day", "the same, on the peak day")
UNKNOWN_LOAN: Final = Rate(0.001, "payments", "the loan quoted is not in the book, or its number is garbled")
CANCELED: Final = Rate(
    0.001, "payments", "an attempt that is initiated and called off, beside the payments that are made"
)

# What rails do.
INITIATED_FIRST: Final = Rate(
    0.05, "payments", "announced as initiated a day or two before the word that completes them"
)
LATE: Final = Rate(
    0.015, "payments", "told 1 to 10 days after the value date (mail, corrections); the bank had them on time"
)
MISSED: Final = Rate(0.002, "payments", "lost by the source and sent again 2 to 4 days later; a variance that heals")
ACH_RETURN: Final = Rate(0.012, "ach payments", "returned by the payer's bank")
CHECK_RETURN: Final = Rate(0.003, "checks", "returned by the payer's bank")
WIRE_RECALL: Final = Rate(0.002, "wires", "recalled by the sender's bank")
REALTIME_RETURN: Final = Rate(0.002, "instant payments", "sent back to the payer's bank, which asked for it")
RETURNS: Final = {"ach": ACH_RETURN, "check": CHECK_RETURN, "wire": WIRE_RECALL, "realtime": REALTIME_RETURN}
"""By rail; nothing goes back on the others."""
OUT_OF_ORDER: Final = Rate(0.10, "returns", "the return is told a day before the payment that it returns")

# What deliveries do.
DUPLICATE: Final = Rate(0.02, "rows", "told again in the same file or the next day's")
RECASED_DUPLICATE: Final = Rate(
    0.003, "rows", "told again with the reference (or loan number) in another case or padded"
)
RETOLD: Final = Rate(0.2, "rows told again", "with a later instant, as by another source")
MALFORMED: Final = Rate(0.002, "rows", "preceded by a broken copy of itself")

# What the bank and the processors do.
UNSENT_LINE: Final = Rate(0.0005, "bank lines", "beside a line, another one for money that nobody told us of")
NEVER_AT_BANK: Final = Rate(0.0005, "payments", "told as completed, but the bank never shows them")
POSTED_LATE: Final = Rate(0.005, "bank lines", "shown a bank day after the one that the rail's rule says")
POSTED_EARLY: Final = Rate(0.002, "bank lines", "shown a bank day before it")
POSTED_TWICE: Final = Rate(0.0003, "bank lines", "shown twice on the same day")
OTHER_AMOUNT: Final = Rate(0.0003, "bank lines", "shown with another amount: two digits changed places")
SPLIT_DEPOSIT: Final = Rate(0.03, "deposits", "credited in two lines, wherever the bank cuts them")
FEES_APART: Final = Rate(0.05, "payouts", "paid in full, with the fees as a line of their own")
CHARGEBACK: Final = Rate(0.003, "card and wallet payments", "taken back from a payout of the following days")
BANK_FEE: Final = Rate(0.02, "deposits and returned checks", "followed by a fee of the bank")

# What statements say of a line.
WITHOUT_TRANSFER_ID: Final = Rate(0.01, "lines of one payment", "no id of the transfer; the reference is as it was")
MANGLED_REFERENCE: Final = Rate(
    0.004, "lines of one payment", "a reference with letters swapped, cut off or torn by blanks; the id is as it was"
)
BARE_LINE: Final = Rate(0.004, "lines of one payment", "no id, and a reference that is mangled or not there")
NUMBER_MISSING: Final = Rate(0.01, "lines of deposits and payouts", "no number of the deposit or payout")
NUMBER_MANGLED: Final = Rate(0.01, "lines of deposits and payouts", "a number with letters swapped, cut off or torn")
BATCH_UNTOLD: Final = Rate(0.005, "deposits and payouts", "the source names it for none of its payments")
MEMBER_UNTOLD: Final = Rate(0.0005, "payments in deposits and payouts", "the source does not name it for this one")


def table() -> dict[str, Rate]:
    """All rates by name, for documentation and for tests."""
    return {name.lower(): rate for name, rate in globals().items() if isinstance(rate, Rate)}
