//! Log lines: text for people or JSON for programs, to standard error.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};

use crate::config::LogFormat;
use crate::traces::{self, Traces};

/// Why logging cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// What to log makes no sense.
    #[error("`{0}` says not what to log: write a level such as `info`, or `info,chancery::api=debug`")]
    Levels(String),
    /// Something logs already.
    #[error(transparent)]
    Twice(#[from] TryInitError),
}

/// Begins to log, and to hand spans over to `traces` where there are any.
///
/// # Errors
/// When the levels make no sense, or the process logs already.
pub fn begin(levels: &str, format: LogFormat, traces: Option<&Traces>) -> Result<(), LogError> {
    let targets: Targets = levels.parse().map_err(|_| LogError::Levels(levels.to_owned()))?;
    // Libraries have their say only where they are asked to: they do not know what is personal data.
    let targets = match levels.parse::<LevelFilter>() {
        Ok(level) => Targets::new().with_target("chancery", level).with_default(level.min(LevelFilter::WARN)),
        Err(_) => targets,
    };
    // Spans are for the collector: where there is none, they cost nothing.
    let targets = targets.with_target(traces::TARGET, LevelFilter::OFF);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let registry = tracing_subscriber::registry();
    match traces {
        None => registry.with(lines.with_filter(targets)).try_init()?,
        Some(traces) => {
            let spans = Targets::new().with_target(traces::TARGET, LevelFilter::INFO);
            registry.with(lines.with_filter(targets)).with(traces.layer().with_filter(spans)).try_init()?;
        }
    }
    Ok(())
}
