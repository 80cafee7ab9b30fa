"""Reads lines of JSON, {source, secret, notification_url, headers, body}, and answers each with `genuine`, or why it is not, as the
provider's own library for Python says, tolerance of time included. Square's library signs nothing and knows no time."""

import json
import sys

from square.utils.webhooks_helper import verify_signature
from standardwebhooks.webhooks import Webhook
from stripe import Webhook as StripeWebhook, WebhookSignature


def square(asked):
    genuine = verify_signature(
        request_body=asked["body"],
        signature_header=asked["headers"]["x-square-hmacsha256-signature"],
        signature_key=asked["secret"],
        notification_url=asked["notification_url"],
    )
    if not genuine:
        raise ValueError("the signature differs")


def stripe(asked):
    header = asked["headers"]["stripe-signature"]
    WebhookSignature.verify_header(asked["body"], header, asked["secret"], StripeWebhook.DEFAULT_TOLERANCE)


def standard(asked):
    Webhook(asked["secret"]).verify(asked["body"], asked["headers"])


LIBRARIES = {"square": square, "stripe": stripe, "standard": standard}

for line in sys.stdin:
    asked = json.loads(line)
    try:
        LIBRARIES[asked["source"]](asked)
        print("genuine", flush=True)
    except Exception as error:
        print(f"{type(error).__name__}: {error}".splitlines()[0], flush=True)
