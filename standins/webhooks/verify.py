"""Reads lines of JSON, {secret, headers, body}, and answers each with `genuine` or why it is not."""

import json
import sys

from standardwebhooks.webhooks import Webhook

for line in sys.stdin:
    asked = json.loads(line)
    try:
        Webhook(asked["secret"]).verify(asked["body"], asked["headers"])
        print("genuine", flush=True)
    except Exception as error:
        print(f"{type(error).__name__}: {error}", flush=True)
