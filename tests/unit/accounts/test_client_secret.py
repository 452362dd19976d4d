from yijian.foundation.accounts.client_secret import digest_secret, new_secret, secret_matches


def test_a_secret_matches_its_digest_and_no_other() -> None:
    secret = new_secret()
    digest = digest_secret(secret)
    assert secret not in digest
    assert secret_matches(secret, digest)
    assert not secret_matches(secret + "x", digest)
    assert not secret_matches(secret, digest_secret(secret + "x"))


def test_equal_secrets_have_different_digests() -> None:
    assert digest_secret("same") != digest_secret("same")


def test_an_unset_digest_matches_nothing() -> None:
    assert not secret_matches("", "")
