"""Signatures on what others say of certificates."""

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa

HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
"""What may be signed with; SHA-1 and older may not."""


def is_signed(
    by: object, signature: bytes, content: bytes, algorithm: hashes.HashAlgorithm | None
) -> bool:
    """Whether the holder of a public key signed this; a kind of key that is not known did not."""
    try:
        match by:
            case ec.EllipticCurvePublicKey() if isinstance(algorithm, HASHES):
                by.verify(signature, content, ec.ECDSA(algorithm))
            case rsa.RSAPublicKey() if isinstance(algorithm, HASHES):
                by.verify(signature, content, padding.PKCS1v15(), algorithm)
            case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey() if algorithm is None:
                by.verify(signature, content)
            case _:
                return False
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
