//! Durations that were measured, and what is told of them.

use std::{fmt, time::Duration};

/// Microseconds are exact enough, and four bytes keep millions of them small.
#[derive(Default)]
pub struct Samples {
    microseconds: Vec<u32>,
}

impl Samples {
    pub fn add(&mut self, duration: Duration) {
        self.microseconds
            .push(u32::try_from(duration.as_micros()).unwrap_or(u32::MAX));
    }

    /// Percentiles in milliseconds, as JSON.
    pub fn into_percentiles(mut self) -> Percentiles {
        self.microseconds.sort_unstable();
        Percentiles(self)
    }
}

/// Sorted samples, shown as a JSON object; `null` if there are none.
pub struct Percentiles(Samples);

impl Percentiles {
    /// The sample below which a part of all lies.
    fn at(&self, part: f64) -> f64 {
        let sorted = &self.0.microseconds;
        let index = (part * sorted.len() as f64) as usize;
        f64::from(sorted[index.min(sorted.len() - 1)]) / 1e3
    }
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.microseconds.is_empty() {
            return f.write_str("null");
        }
        write!(
            f,
            "{{\"p50\":{},\"p90\":{},\"p99\":{},\"max\":{}}}",
            self.at(0.5),
            self.at(0.9),
            self.at(0.99),
            self.at(1.0)
        )
    }
}
