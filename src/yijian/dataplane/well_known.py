"""What others must know to get and check tokens: our key, how clients authenticate (SMART App Launch 2)."""

from yijian.dataplane.oauth import AUTH_METHODS, GRANT_TYPE
from yijian.dataplane.router import Handler
from yijian.foundation.accounts.tokens import ALGORITHMS, BearerTokens
from yijian.foundation.accounts.values import SCOPES
from yijian.kit.http import Request, Response, json_response

__all__ = ["show_jwks", "show_smart_configuration"]


def show_jwks(tokens: BearerTokens) -> Handler:
    """Return the handler that publishes our public key."""
    document = tokens.jwks

    async def handle(_: Request) -> Response:
        return json_response(document)

    return handle


async def show_smart_configuration(request: Request) -> Response:
    """Publish what works: back-end services only, no launch and no sign-in of users."""
    return json_response(
        {
            "token_endpoint": f"{request.base_url}/oauth/token",
            "jwks_uri": f"{request.base_url}/.well-known/jwks.json",
            "grant_types_supported": [GRANT_TYPE],
            "token_endpoint_auth_methods_supported": AUTH_METHODS,
            "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
            "scopes_supported": sorted(SCOPES),
            "code_challenge_methods_supported": ["S256"],
            "capabilities": ["client-confidential-symmetric", "client-confidential-asymmetric"],
        }
    )
