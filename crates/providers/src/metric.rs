//! What the metrics of this crate mean, for their `# HELP` lines.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Tells the installed recorder about every metric of this crate. Call once, after the recorder is installed.
pub fn describe_metrics() {
    describe_counter!("mainstay_jwks_fetch_total", "Fetches of a provider's key set.");
    describe_counter!("mainstay_jwks_hit_total", "Keys that were found without a fetch.");
    describe_counter!("mainstay_jwks_miss_total", "Keys that were not in the kept set.");
    describe_counter!("mainstay_jwks_rotation_total", "Fetches that brought other keys than before.");
    describe_counter!("mainstay_jwks_failure_total", "Fetches that brought no usable key set.");
    describe_counter!(
        "mainstay_provider_requests_total",
        "Requests to identity providers by endpoint and outcome: ok, refused, failed, or short-circuited."
    );
    describe_histogram!(
        "mainstay_provider_request_seconds",
        Unit::Seconds,
        "Time that requests to identity providers took."
    );
    describe_gauge!(
        "mainstay_provider_breaker_open",
        "Whether requests to a provider's endpoint fail at once because it failed before."
    );
    describe_counter!("mainstay_mail_total", "Mails by outcome: sent, temporary, permanent.");
    describe_counter!(
        "mainstay_webhook_requests_total",
        "Requests to receivers of events by outcome: ok, refused, or why there was no answer."
    );
    describe_counter!(
        "mainstay_limiter_unavailable_total",
        "Questions to the limiter that Redis did not answer."
    );
    describe_counter!(
        "mainstay_limiter_evictions_total",
        "Entries that the limiter in memory gave up to stay within its bound."
    );
    describe_counter!("mainstay_bus_published_total", "Hints that were sent to other nodes.");
    describe_counter!("mainstay_bus_received_total", "Hints that came from other nodes.");
    describe_counter!("mainstay_bus_dropped_total", "Hints that did not reach Redis.");
    describe_counter!("mainstay_bus_reconnects_total", "Subscriptions that were made, the first included.");
    describe_gauge!("mainstay_bus_connected", "Whether hints of other nodes are coming in.");
}
