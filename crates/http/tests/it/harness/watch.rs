//! Everything that is logged and measured in this process, at the finest level, so that tests can look for what must not be there.

use std::{
    io,
    sync::{Mutex, OnceLock, PoisonError},
};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::fmt::MakeWriter;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

/// Starts to watch; once for each process.
pub(super) fn start() {
    METRICS.get_or_init(|| {
        let subscriber =
            tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_writer(Log);
        tracing::subscriber::set_global_default(subscriber.finish()).expect("the only subscriber");
        PrometheusBuilder::new().install_recorder().expect("the only recorder")
    });
}

/// All lines so far.
pub(crate) fn logged() -> String {
    String::from_utf8_lossy(&LOG.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
}

/// The metrics as they stand.
pub(crate) fn rendered_metrics() -> String {
    METRICS.get().map(PrometheusHandle::render).unwrap_or_default()
}
