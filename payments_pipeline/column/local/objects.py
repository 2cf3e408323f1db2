"""What the local bank calls itself and its customer: bank accounts, account numbers, names, and how it writes instants."""

from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from payments_pipeline.column import ids

Json = dict[str, Any]

PACIFIC: Final = ZoneInfo("America/Los_Angeles")
ROUTING_NUMBER: Final = "121145307"
BIC: Final = "CLNOUS66"
COMPANY_ID: Final = "9121145307"
COMPANY_NAME: Final = "REFERENCE SERVICING"
ENTRY_DESCRIPTION: Final = "MORTG PMT"
PAYER_ROUTING_NUMBER: Final = "091000019"

OPENED_AT: Final = datetime(2026, 1, 5, 17, 30, tzinfo=UTC)
ENTITY_ID: Final = ids.make("enti", OPENED_AT, "the servicer")
PLATFORM_ID: Final = ids.make("plat", OPENED_AT, "its platform")
BANK_ACCOUNT_ID: Final = ids.make("bacc", OPENED_AT, "the account of collections")
DEFAULT_ACCOUNT_NUMBER_ID: Final = ids.make("acno", OPENED_AT, "its own number")
DEFAULT_ACCOUNT_NUMBER: Final = "256783259046169"

_NANOS: Final = 1_000_000_000


def instant(nanoseconds: int) -> str:
    """An instant as the bank writes it: UTC, with nine decimals or none."""
    seconds, nanos = divmod(nanoseconds, _NANOS)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{nanos:09}Z" if nanos else f"{whole}Z"


def nanoseconds(at: datetime) -> int:
    """Nanoseconds since 1970, to the microsecond that Python knows."""
    return int(at.timestamp()) * _NANOS + at.microsecond * 1_000


def effective_on(day: date) -> str:
    """A day as the bank writes it: its midnight in California, in UTC."""
    return instant(nanoseconds(datetime.combine(day, time(), PACIFIC)))


def bank_account(available_cents: int) -> Json:
    """The account that collects the payments."""
    return {
        "balances": {
            "available_amount": available_cents,
            "holding_amount": 0,
            "locked_amount": 0,
            "pending_amount": 0,
        },
        "bic": BIC,
        "created_at": instant(nanoseconds(OPENED_AT)),
        "currency_code": "USD",
        "default_account_number": DEFAULT_ACCOUNT_NUMBER,
        "default_account_number_id": DEFAULT_ACCOUNT_NUMBER_ID,
        "description": "collections",
        "id": BANK_ACCOUNT_ID,
        "is_overdraftable": False,
        "overdraft_reserve_account_id": "",
        "owners": [ENTITY_ID],
        "routing_number": ROUTING_NUMBER,
        "type": "CHECKING",
    }


def account_number(account_number_id: str, number: str, description: str) -> Json:
    """A number under which money reaches the account."""
    return {
        "account_number": number,
        "bank_account_id": BANK_ACCOUNT_ID,
        "bic": BIC,
        "created_at": instant(nanoseconds(OPENED_AT)),
        "description": description,
        "id": account_number_id,
        "routing_number": ROUTING_NUMBER,
    }


def ach_transfer(**values: Any) -> Json:
    """An ACH transfer with every field that the bank documents; what is not given is empty."""
    return {
        "id": "",
        "created_at": None,
        "updated_at": None,
        "initiated_at": None,
        "submitted_at": None,
        "acknowledged_at": None,
        "settled_at": None,
        "completed_at": None,
        "returned_at": None,
        "cancelled_at": None,
        "manual_review_at": None,
        "return_dishonored_at": None,
        "return_contested_at": None,
        "return_dishonored_funds_unlocked_at": None,
        "status": "",
        "type": "",
        "idempotency_key": "",
        "bank_account_id": BANK_ACCOUNT_ID,
        "account_number_id": "",
        "counterparty_id": "",
        "amount": 0,
        "currency_code": "USD",
        "description": "",
        "effective_on": None,
        "same_day": False,
        "funds_availability": "default",
        "company_discretionary_data": "",
        "company_entry_description": "",
        "company_id": COMPANY_ID,
        "company_name": COMPANY_NAME,
        "receiver_name": "",
        "receiver_id": "",
        "entry_class_code": "",
        "allow_overdraft": False,
        "is_incoming": False,
        "is_on_us": False,
        "nsf_deadline": None,
        "trace_number": "",
        "odfi_routing_number": ROUTING_NUMBER,
        "return_details": [],
        "iat": None,
        "payment_related_info": "",
        "notification_of_changes": None,
        "reversal_pair_transfer_id": "",
        "ach_transfer_batch_id": "",
        "ultimate_beneficiary_counterparty_id": "",
        "ultimate_originator_counterparty_id": "",
    } | values


def wire_transfer(**values: Any) -> Json:
    """A wire with every field that the bank documents."""
    return {
        "id": "",
        "created_at": None,
        "updated_at": None,
        "initiated_at": None,
        "pending_submission_at": None,
        "submitted_at": None,
        "completed_at": None,
        "rejected_at": None,
        "idempotency_key": "",
        "bank_account_id": BANK_ACCOUNT_ID,
        "account_number_id": "",
        "counterparty_id": "",
        "amount": 0,
        "currency_code": "USD",
        "description": "",
        "status": "",
        "allow_overdraft": False,
        "platform_id": PLATFORM_ID,
        "is_on_us": False,
        "is_incoming": True,
        "wire_drawdown_request_id": "",
        "created_by": "",
        "imad": "",
        "omad": "",
        "business_function_code": "CTR",
        "originator_name": "",
        "originator_account_number": "",
        "originator_to_beneficiary_information": "",
        "beneficiary_name": COMPANY_NAME,
        "beneficiary_account_number": "",
        "beneficiary_reference": "",
        "creditor_agent_routing_number": ROUTING_NUMBER,
    } | values


def return_request(**values: Any) -> Json:
    """What another bank asks for when its customer wants a wire back. It does not say how much: it is all of it."""
    return {
        "id": "",
        "created_at": None,
        "updated_at": None,
        "scheduled_at": None,
        "sent_at": None,
        "manual_review_at": None,
        "approved_at": None,
        "rejected_at": None,
        "completed_at": None,
        "original_transfer_id": "",
        "return_transfer_id": None,
        "return_request_reason": "",
        "return_request_response_reason": "",
        "status": "",
        "is_incoming": True,
    } | values


def realtime_transfer(**values: Any) -> Json:
    """An instant payment with every field that the bank documents."""
    return {
        "id": "",
        "created_at": None,
        "updated_at": None,
        "initiated_at": None,
        "pending_at": None,
        "accepted_at": None,
        "completed_at": None,
        "rejected_at": None,
        "blocked_at": None,
        "manual_review_at": None,
        "manual_review_approved_at": None,
        "manual_review_rejected_at": None,
        "idempotency_key": "",
        "bank_account_id": BANK_ACCOUNT_ID,
        "account_number_id": "",
        "counterparty_id": "",
        "ultimate_debtor_counterparty_id": None,
        "amount": 0,
        "currency_code": "USD",
        "description": "",
        "status": "",
        "allow_overdraft": False,
        "is_incoming": True,
        "is_on_us": False,
        "end_to_end_id": "",
        "rejected_code": "",
        "rejection_code_description": "",
        "rejection_additional_info": "",
        "return_pair_transfer_id": None,
    } | values


def book_transfer(**values: Any) -> Json:
    """A transfer between two accounts of the bank with every field that it documents."""
    return {
        "id": "",
        "created_at": None,
        "updated_at": None,
        "completed_at": None,
        "cancelled_at": None,
        "idempotency_key": "",
        "sender_bank_account_id": "",
        "sender_account_number_id": "",
        "receiver_bank_account_id": BANK_ACCOUNT_ID,
        "receiver_account_number_id": "",
        "amount": 0,
        "currency_code": "USD",
        "description": "",
        "status": "",
        "allow_overdraft": False,
    } | values


def check_transfer(**values: Any) -> Json:
    """A check that we deposit or issue with every field that the bank documents."""
    return {
        "id": "",
        "created_at": None,
        "updated_at": None,
        "initiated_at": None,
        "issued_at": None,
        "pending_deposit_at": None,
        "deposited_at": None,
        "settled_at": None,
        "returned_at": None,
        "recleared_at": None,
        "rejected_at": None,
        "stopped_at": None,
        "manual_review_at": None,
        "idempotency_key": "",
        "bank_account_id": BANK_ACCOUNT_ID,
        "account_number_id": "",
        "check_number": None,
        "positive_pay_amount": None,
        "deposited_amount": None,
        "currency_code": "USD",
        "description": "",
        "payee_name": "",
        "micr_line": None,
        "front_image": "",
        "back_image": "",
        "return_reason": "",
        "allow_overdraft": False,
        "delivered_by_column": False,
        "delivery_status": "",
        "status": "",
    } | values


def note(**values: Any) -> Json:
    """What an event about the account, an identity or a report shows."""
    return {
        "id": "",
        "created_at": None,
        "updated_at": None,
        "bank_account_id": BANK_ACCOUNT_ID,
        "entity_id": ENTITY_ID,
        "status": "",
    } | values
