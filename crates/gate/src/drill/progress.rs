//! Tells on standard error what a drill is doing.

use std::{io::IsTerminal as _, sync::Arc, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

use crate::report;

/// A line for each step where nobody looks, a spinner with the present one where somebody does; nothing for machines.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Kind>);

enum Kind {
    Quiet,
    Lines,
    Bar(ProgressBar),
}

impl Progress {
    pub(crate) fn new(is_quiet: bool) -> Self {
        if is_quiet {
            return Self(Arc::new(Kind::Quiet));
        }
        if !std::io::stderr().is_terminal() {
            return Self(Arc::new(Kind::Lines));
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed}  {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(Arc::new(Kind::Bar(bar)))
    }

    /// What a drill is doing now.
    pub(crate) fn step(&self, drill: &str, what: &str) {
        match &*self.0 {
            Kind::Quiet => {}
            Kind::Lines => report::complain(&format!("{drill}: {what}")),
            Kind::Bar(bar) => bar.set_message(format!("{drill}  {what}")),
        }
    }

    /// A line that stays.
    pub(crate) fn line(&self, text: &str) {
        match &*self.0 {
            Kind::Quiet => {}
            Kind::Lines => report::complain(text),
            Kind::Bar(bar) => bar.println(text),
        }
    }

    pub(crate) fn finish(&self) {
        if let Kind::Bar(bar) = &*self.0 {
            bar.finish_and_clear();
        }
    }
}
