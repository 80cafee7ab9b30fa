//! Logs and metrics of the process: set up once, before anything else runs.

mod redact;

use std::{
    io::{self, Write},
    time::Duration,
};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::LogFormat;

/// Upper bounds of the latency buckets, in seconds: fine where answers usually are, coarse where they hurt.
const SECONDS_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Upper bounds for sizes of batches and groups.
const SIZE_BUCKETS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Starts logging to standard error.
pub(crate) fn start_logging(filter: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    log_panics();
    let registry = tracing_subscriber::registry().with(filter);
    // A second subscriber in one process only happens in tests; the first one stays.
    let _ = match format {
        LogFormat::Json => {
            // The innermost span has the request's id; the list of all spans would only repeat it.
            let layer = fmt::layer().json().flatten_event(true).with_span_list(false);
            registry.with(layer.with_writer(RedactedStderr::new)).try_init()
        }
        LogFormat::Text => {
            let ansi = io::IsTerminal::is_terminal(&io::stderr());
            registry.with(fmt::layer().compact().with_ansi(ansi).with_writer(RedactedStderr::new)).try_init()
        }
    };
}

/// Logs where a panic was, and not its words: a slicing panic, for one, repeats the text that it was about.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(event = "panicked", place);
    }));
}

/// Starts counting. The handle renders the Prometheus text format.
///
/// # Errors
/// When a recorder is installed already.
pub(crate) fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)?
        .set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), &SIZE_BUCKETS)?
        .install_recorder()?;
    mainstay_providers::describe_metrics();
    metrics::gauge!("mainstay_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// Keeps histograms from growing while nobody scrapes.
pub(crate) async fn upkeep(handle: PrometheusHandle) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        handle.run_upkeep();
    }
}

/// Standard error behind the redaction net (SEC-10). One event is one write, so a secret is never cut in half.
struct RedactedStderr(io::Stderr);

impl RedactedStderr {
    fn new() -> Self {
        Self(io::stderr())
    }
}

impl Write for RedactedStderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.0.write_all(redact::redact(text).as_bytes())?,
            // The formatter only makes UTF-8; what is not is not shown.
            Err(_) => self.0.write_all(b"(a log line was not UTF-8)\n")?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
