"""Countries by their ISO code: the name for an envelope, and the code that the tax authority has for them, which is not ISO's."""

from typing import Final, NamedTuple


class Country(NamedTuple):
    """A country."""

    name: str
    tax_code: str


_LINES: Final = """\
AE United Arab Emirates|AE
AR Argentina|AR
AT Austria|AU
AU Australia|AS
BE Belgium|BE
BR Brazil|BR
BS Bahamas|BF
CA Canada|CA
CH Switzerland|SZ
CL Chile|CI
CN China|CH
CO Colombia|CO
CR Costa Rica|CS
CZ Czech Republic|EZ
DE Germany|GM
DK Denmark|DA
DO Dominican Republic|DR
EC Ecuador|EC
ES Spain|SP
FI Finland|FI
FR France|FR
GB United Kingdom|UK
GR Greece|GR
HK Hong Kong|HK
HU Hungary|HU
IE Ireland|EI
IL Israel|IS
IN India|IN
IT Italy|IT
JM Jamaica|JM
JP Japan|JA
KR South Korea|KS
MX Mexico|MX
NL Netherlands|NL
NO Norway|NO
NZ New Zealand|NZ
PA Panama|PM
PE Peru|PE
PH Philippines|RP
PL Poland|PL
PT Portugal|PO
SE Sweden|SW
SG Singapore|SN
TH Thailand|TH
TR Turkey|TU
TW Taiwan|TW
UA Ukraine|UP
VN Vietnam|VM
ZA South Africa|SF"""

COUNTRIES: Final = {line[:2]: Country(*line[3:].split("|")) for line in _LINES.splitlines()}
"""Where borrowers of ours have been known to live; a report names any other, so that it is added here."""
