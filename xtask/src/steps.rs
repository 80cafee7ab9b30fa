//! A list of steps that stops at the first that fails and says at the end how long each took.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// What has been done so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// Does one step.
    ///
    /// # Errors
    /// The step's own, under its name.
    pub(crate) fn step<T>(&mut self, name: &'static str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work().with_context(|| format!("step `{name}`"));
        let took = start.elapsed();
        match &outcome {
            Ok(_) => println!("== {name}: ok, {:.1} s", took.as_secs_f64()),
            Err(_) => println!("== {name}: FAILED after {:.1} s", took.as_secs_f64()),
        }
        self.done.push((name, took));
        outcome
    }

    /// Prints the times.
    pub(crate) fn summary(&self) {
        println!("\nAll {} steps passed:", self.done.len());
        for (name, took) in &self.done {
            println!("  {:>7.1} s  {name}", took.as_secs_f64());
        }
    }
}
