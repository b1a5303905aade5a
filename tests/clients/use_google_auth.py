"""Lists a bucket with whatever credentials the machine has, as JSON.

The first argument is the storage service's URL.
"""
import json
import sys

import google.auth
from google.auth.transport.requests import AuthorizedSession

credentials, project = google.auth.default(
    scopes=["https://www.googleapis.com/auth/cloud-platform"]
)
session = AuthorizedSession(credentials)
answer = session.get(sys.argv[1] + "/storage/v1/b/accounts/o")
answer.raise_for_status()
print(
    json.dumps(
        {
            "class": type(credentials).__module__,
            "email": credentials.service_account_email,
            "project": project,
            "files": [item["name"] for item in answer.json()["items"]],
        }
    )
)
