"""The two letters of states as the Postal Service writes them, and which postal codes lie in which of them."""

from __future__ import annotations

from typing import Final

_ZIP_RANGES: Final = (
    "AL 350-352 354-369|AK 995-999|AS 967|AZ 850-853 855-857 859-860 863-865|AR 716-729|CA 900-908 910-928 930-961|"
    "CO 800-816|CT 060-069|DC 200 202-205 569|DE 197-199|FL 320-339 341-342 344 346-347 349|GA 300-319 398-399|GU 969|"
    "HI 967-968|ID 832-838|IL 600-629|IN 460-479|IA 500-528|KS 660-679|KY 400-427|LA 700-714|ME 039-049|MD 206-219|"
    "MA 010-027 055|MI 480-499|MN 550-567|MS 386-397|MO 630-658|MP 969|MT 590-599|NE 680-693|NV 889-898|NH 030-038|"
    "NJ 070-089|NM 870-884|NY 005 063 100-149|NC 270-289|ND 580-588|OH 430-459|OK 730-731 734-749|OR 970-979|"
    "PA 150-196|PR 006-007 009|RI 028-029|SC 290-299|SD 570-577|TN 370-385|TX 733 750-799 885|UT 840-847|"
    "VT 050-054 056-059|VA 201 220-246|VI 008|WA 980-994|WV 247-268|WI 530-549|WY 820-831|FM 969|MH 969|PW 969|"
    "AA 340|AE 090-098|AP 962-966"
)


def _zip3s(ranges: str) -> frozenset[str]:
    ends = (part.partition("-") for part in ranges.split())
    return frozenset(f"{n:03}" for first, _, last in ends for n in range(int(first), int(last or first) + 1))


ZIP3S: Final = {line[:2]: _zip3s(line[3:]) for line in _ZIP_RANGES.split("|")}
"""For each state, territory and military post office the first three digits of its postal codes."""

STATES: Final = tuple(ZIP3S)


def zip_is_in(zip_code: str, state: str) -> bool:
    """Whether a postal code lies in the state, by its first three digits."""
    return zip_code[:3] in ZIP3S.get(state, frozenset())
