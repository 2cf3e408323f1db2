"""The structure of an IRIS transmission as an XML schema, and what a schema finds in a file.

The official schema is handed out to filers by the tax authority and is not public. Until a filer names it (`iris_schema`
in data/filer.toml), files are held against one of our own, made from the tables of `formats/iris.py`: their order,
lengths and characters, as implementations that validate against the official one have them. It proves that what we write
is what those tables say, in the language in which the authority will judge it, and nothing more than that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from lxml import etree

from payments_pipeline.errors import PaymentsError
from payments_pipeline.formats.iris import DETAIL, HEADER, MANIFEST, NAMESPACE, Element, Fault, Table

_XS: Final = "http://www.w3.org/2001/XMLSchema"
_NUMBER_OF_ONE_DIGIT: Final = r"(?!(\d)\1{8})"
_ELEMENT: Final = re.compile(r"Element '(?:\{[^}]*\})?([\w.-]+)'")
_KINDS: Final = {
    "SCHEMAV_CVC_PATTERN_VALID": "characters that the schema allows",
    "SCHEMAV_CVC_MAXLENGTH_VALID": "a value no longer than the schema allows",
    "SCHEMAV_CVC_MINLENGTH_VALID": "a value no shorter than the schema allows",
    "SCHEMAV_CVC_ENUMERATION_VALID": "one of the values of the schema",
    "SCHEMAV_ELEMENT_CONTENT": "the elements of the schema, in its order",
    "SCHEMAV_CVC_ELT_1": "an element of the schema",
}


class SchemaError(PaymentsError):
    """A schema that cannot be used."""


def validate(path: Path, schema_file: Path | None = None, *, most: int = 1_000) -> list[Fault]:
    """Hold a transmission of any size against the schema, its own or ours; memory holds one return.

    What a schema says of a value quotes it: only the kind of the fault and the element are told.
    """
    schema = _official(schema_file) if schema_file else _ours()
    parsing = etree.iterparse(
        str(path), events=("end",), schema=schema, resolve_entities=False, no_network=True, huge_tree=False
    )
    try:
        for _, node in parsing:
            if node.tag.rpartition("}")[2] == "Form1098Detail":
                _forget(node)
    except etree.XMLSyntaxError:
        return _faults(parsing.error_log, most)
    return []


def _forget(node: Any) -> None:
    """A return that has been read, and those before it."""
    node.clear()
    parent = node.getparent()
    while parent is not None and node.getprevious() is not None:
        del parent[0]


def _faults(log: Any, most: int) -> list[Fault]:
    found = []
    for entry in list(log)[:most]:
        element = _ELEMENT.search(entry.message)
        found.append(
            Fault(
                f"line {entry.line}",
                element[1] if element else "XML",
                _KINDS.get(entry.type_name, "what the schema says"),
                f"something else ({entry.type_name})",
            )
        )
    return found


@cache
def _official(file: Path) -> Any:
    try:
        return etree.XMLSchema(etree.parse(str(file), etree.XMLParser(resolve_entities=False, no_network=True)))
    except (OSError, etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
        raise SchemaError(
            f"{file} is no schema that can be used: {error}", "name the main .xsd of the authority in data/filer.toml."
        ) from error


@cache
def _ours() -> Any:
    return etree.XMLSchema(etree.fromstring(schema_text().encode()))


@cache
def schema_text() -> str:
    """Our schema, as the text of an XSD."""
    manifest, header, detail = (_group(each) for each in (MANIFEST, HEADER, DETAIL))
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<xs:schema xmlns:xs="{_XS}" targetNamespace="{NAMESPACE}" elementFormDefault="qualified">',
            '<xs:element name="IRTransmission"><xs:complexType><xs:sequence>',
            _element("IRTransmissionManifest", manifest),
            '<xs:element name="IRSubmission1Grp" maxOccurs="unbounded"><xs:complexType><xs:sequence>',
            _element("IRSubmission1Header", header),
            '<xs:element name="IRSubmission1Detail"><xs:complexType><xs:sequence>',
            _element("Form1098Detail", detail, ' maxOccurs="unbounded"'),
            "</xs:sequence></xs:complexType></xs:element>",
            "</xs:sequence></xs:complexType></xs:element>",
            "</xs:sequence></xs:complexType></xs:element>",
            "</xs:schema>",
        ]
    )


def _element(name: str, content: str, occurs: str = "") -> str:
    inside = f"<xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType>"
    return f'<xs:element name="{name}"{occurs}>{inside}</xs:element>'


def _group(table: Table) -> str:
    """The elements of a table in their order, inside the groups that their paths name."""
    return _nested([(each.path.split("/"), each) for each in table.elements])


def _nested(elements: Sequence[tuple[list[str], Element]]) -> str:
    pieces = []
    place = 0
    while place < len(elements):
        (name, *rest), each = elements[place]
        if not rest:
            pieces.append(_leaf(each))
            place += 1
            continue
        together = [(path[1:], one) for path, one in elements[place:] if path[0] == name]
        occurs = "" if any(one.is_required for _, one in together) else ' minOccurs="0"'
        pieces.append(_element(name, _nested(together), occurs))
        place += len(together)
    return "".join(pieces)


def _leaf(each: Element) -> str:
    occurs = "" if each.is_required else ' minOccurs="0"'
    return (
        f'<xs:element name="{each.name}"{occurs}><xs:simpleType><xs:restriction base="xs:string">'
        f'<xs:maxLength value="{each.most}"/><xs:pattern value="{_pattern(each.pattern)}"/>'
        "</xs:restriction></xs:simpleType></xs:element>"
    )


def _pattern(python: str) -> str:
    """The pattern in the language of schemas, which has no look-ahead and no groups that are not captured."""
    text = python.replace(_NUMBER_OF_ONE_DIGIT, "").replace("(?:", "(").replace(r"\d", "[0-9]")
    text = text.replace(r"\x20", " ").replace(r"\x21", "!").replace(r"\x7e", "~")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
