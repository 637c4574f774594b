"""The names of the errors of billing and payment, in the contracts' own words."""

from __future__ import annotations

from typing import Final

from appliance import call
from appliance.chain.clarity import ResponseErr, UInt, Value

ERRORS: Final[dict[int, str]] = {
    500: "ERR_CALLER",
    501: "ERR_NOT_DEPLOYER",
    502: "ERR_FOUNDED",
    503: "ERR_TARIFF",
    504: "ERR_CEILING",
    505: "ERR_STEP",
    506: "ERR_PERIOD",
    507: "ERR_NO_TARIFF",
    508: "ERR_ZONE_UNKNOWN",
    509: "ERR_NOT_BILLER",
    510: "ERR_NOT_CLOSED",
    511: "ERR_BILLS",
    512: "ERR_PROOF_CONTRACT",
    513: "ERR_NO_CANDIDATE",
    514: "ERR_BAND",
    515: "ERR_UNPROVED",
    516: "ERR_NO_BILL",
    517: "ERR_DUE",
    518: "ERR_FREEZE",
    519: "ERR_CORRECTION",
    520: "ERR_SERIALIZE",
    600: "ERR_ZONE_UNKNOWN",
    601: "ERR_BUSY",
    602: "ERR_PAUSED",
    603: "ERR_CLOSED",
    604: "ERR_NOT_CLOSED",
    605: "ERR_NOT_GATEWAY",
    606: "ERR_NOT_PROVIDER",
    607: "ERR_NOT_AGENT",
    608: "ERR_NOT_PAYER",
    609: "ERR_NOT_DWELLING",
    610: "ERR_PARTIAL",
    611: "ERR_CALLER",
    612: "ERR_PROOF_CONTRACT",
    613: "ERR_TOKEN",
    614: "ERR_POT",
    615: "ERR_AMOUNT",
    616: "ERR_REFERENCE",
    617: "ERR_PAYMENT",
    618: "ERR_EARLY",
    619: "ERR_FLOAT",
    620: "ERR_SEQUENCE",
    621: "ERR_SLOT_COUNT",
    622: "ERR_K_MIN",
    623: "ERR_NOT_BEGUN",
    624: "ERR_NO_BILLS",
    625: "ERR_CORRECTION",
    626: "ERR_UNFUNDED",
    627: "ERR_MASK",
    628: "ERR_NOT_APPROVED",
    629: "ERR_REPEATED",
    630: "ERR_OCCUPIED",
    631: "ERR_CLAIMS",
    632: "ERR_NOT_REWARDED",
    633: "ERR_SERIALIZE",
}


def error_name(result: Value | None) -> str:
    """The contracts' own name of an error result, such as ERR_UNPROVED; its bare form where it has none."""
    match result:
        case ResponseErr(UInt(code)) if code in ERRORS:
            return ERRORS[code]
    return call.error_name(result)
