from payments_pipeline.column.signature import sign, verify


def test_a_signature_is_the_hmac_of_the_raw_body_in_lower_case_hexadecimal() -> None:
    """The second test case of RFC 4231."""
    assert sign("Jefe", b"what do ya want for nothing?") == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


def test_only_the_signature_of_the_very_bytes_is_taken() -> None:
    good = sign("secret", b'{"id":1}')
    assert verify("secret", b'{"id":1}', good)
    for secret, body, signature in (
        ("secret", b'{"id": 1}', good),
        ("other", b'{"id":1}', good),
        ("secret", b'{"id":1}', good.upper()),
        ("secret", b'{"id":1}', good[:-1]),
        ("secret", b'{"id":1}', ""),
        ("secret", b'{"id":1}', None),
        ("secret", b'{"id":1}', "\u00e9" + good[1:]),
        ("", b"", sign("", b"")),
    ):
        assert not verify(secret, body, signature)
