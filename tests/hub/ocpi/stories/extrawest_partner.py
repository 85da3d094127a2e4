"""A partner made of extrawest-ocpi: operator and issuer, with its objects in memory.

Run with its own Python, and with the library's settings in the environment:
extrawest_partner.py PORT FILE, where FILE holds the objects that it has by module. Beside its OCPI
addresses `/story/state` tells what it was told.
"""

# ruff: noqa: ARG003 - the library's signatures
import functools
import json
import sys
from pathlib import Path

import httpx
import uvicorn
from py_ocpi.core.authentication.authenticator import Authenticator
from py_ocpi.core.crud import Crud
from py_ocpi.core.enums import ModuleID, RoleEnum
from py_ocpi.core.utils import get_module_model
from py_ocpi.main import get_application
from py_ocpi.modules.versions.enums import VersionNumber

httpx.AsyncClient = functools.partial(httpx.AsyncClient, timeout=300)  # slow machines, too
PORT = int(sys.argv[1])
HAS = json.loads(Path(sys.argv[2]).read_text())
TOKEN_A, TOKEN_C = "extrawest-token-a", "extrawest-token-c"
TOLD = {}
CALLED = {}


class Tokens(Authenticator):
    """One token to begin with, one for afterwards."""

    @classmethod
    async def get_valid_token_c(cls):
        return [TOKEN_C]

    @classmethod
    async def get_valid_token_a(cls):
        return [TOKEN_A]


def key_of(module, data):
    """The name of an object within its module."""
    return f"{module.value}/{data.get('id') or data.get('uid')}"


class Objects(Crud):
    """Objects in memory: those that the partner has, and those that it was told."""

    @classmethod
    async def get(cls, module, role, id, *args, **more):  # noqa: A002 - the library's name
        if role is RoleEnum.cpo and module.value in HAS:
            return next((one for one in HAS[module.value] if one["id"] == id), None)
        return TOLD.get(f"{module.value}/{id}")

    @classmethod
    async def list(cls, module, role, filters, *args, **more):
        rows = HAS.get(module.value, [])
        return rows, len(rows), True

    @classmethod
    async def create(cls, module, role, data, *args, **more):
        if module is ModuleID.credentials_and_registration:
            CALLED.update(data["credentials"])
            return {
                "token": TOKEN_C,
                "url": f"http://127.0.0.1:{PORT}/ocpi/versions",
                "roles": [
                    {
                        "role": name,
                        "party_id": "PRT",
                        "country_code": "NL",
                        "business_details": {"name": "Extrawest partner"},
                    }
                    for name in ("CPO", "EMSP")
                ],
            }
        TOLD[key_of(module, data)] = data
        TOLD.setdefault("n", {}).setdefault(module.value, 0)
        TOLD["n"][module.value] += 1
        return data

    @classmethod
    async def update(cls, module, role, data, id, *args, **more):  # noqa: A002 - the library's name
        TOLD[f"{module.value}/{id}"] = data
        return data

    @classmethod
    async def delete(cls, module, role, id, *args, **more):  # noqa: A002 - the library's name
        TOLD.pop(f"{module.value}/{id}", None)

    @classmethod
    async def do(cls, module, role, action, *args, **more):
        return None


class Plain:
    """Data made into the library's own objects, which check them."""

    def __getattr__(self, name):
        kinds = {
            "location_adapter": ("Location", "locations"),
            "session_adapter": ("Session", "sessions"),
            "cdr_adapter": ("Cdr", "cdrs"),
            "tariff_adapter": ("Tariff", "tariffs"),
            "token_adapter": ("Token", "tokens"),
            "credentials_adapter": ("Credentials", "credentials"),
        }
        kind, module = kinds[name]
        model = get_module_model(class_name=kind, module_name=module, version_name="v_2_2_1")
        return lambda data, *_version: model(**data)


app = get_application(
    version_numbers=[VersionNumber.v_2_2_1],
    roles=[RoleEnum.cpo, RoleEnum.emsp],
    crud=Objects,
    modules=[
        ModuleID.credentials_and_registration,
        ModuleID.locations,
        ModuleID.sessions,
        ModuleID.cdrs,
        ModuleID.tariffs,
        ModuleID.tokens,
        ModuleID.commands,
    ],
    authenticator=Tokens,
    adapter=Plain(),
    http_push=True,
)


@app.get("/story/state")
async def state():
    """What the partner was told, and with which token we are called."""
    return {"told": TOLD, "called": CALLED}


uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
