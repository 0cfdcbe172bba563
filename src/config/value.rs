//! Values of settings that are words, or places.

use std::path::PathBuf;

use axum::http::Uri;
use clap::ValueEnum;
use serde::Deserialize;

use crate::log::Signer;
use crate::log::key::{KeyError, KeySource};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl std::fmt::Display for LogFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// A path that can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DisplayPath(pub PathBuf);

impl std::str::FromStr for DisplayPath {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(PathBuf::from(text)))
    }
}

impl std::fmt::Display for DisplayPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.display())
    }
}

/// Where OpenTelemetry's collector is: its address without the path of a signal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct CollectorUrl(String);

/// Why a text is no address of a collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write an address as http://127.0.0.1:4318, without a user; secrets are for `OTEL_EXPORTER_OTLP_HEADERS`")]
pub struct NotACollector;

impl CollectorUrl {
    /// Where traces are taken.
    pub(crate) fn traces(&self) -> String {
        format!("{}/v1/traces", self.0)
    }
}

impl std::str::FromStr for CollectorUrl {
    type Err = NotACollector;

    fn from_str(text: &str) -> Result<Self, NotACollector> {
        let uri: Uri = text.parse().map_err(|_| NotACollector)?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if known && plain && uri.query().is_none() {
            Ok(Self(text.trim_end_matches('/').to_owned()))
        } else {
            Err(NotACollector)
        }
    }
}

impl TryFrom<String> for CollectorUrl {
    type Error = NotACollector;

    fn try_from(text: String) -> Result<Self, NotACollector> {
        text.parse()
    }
}

impl std::fmt::Display for CollectorUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file with a secret, or the secret itself, which is not shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct KeyPlace(pub String);

impl KeyPlace {
    /// The log's key that is there.
    ///
    /// # Errors
    /// When it cannot be read or made, or is no key.
    pub(crate) fn signer(&self) -> Result<Signer, KeyError> {
        Ok(KeySource::find(Some(self.0.clone()), None)?.load()?.0)
    }
}

impl std::str::FromStr for KeyPlace {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.contains("-----BEGIN") { "(the key itself)" } else { &self.0 })
    }
}

impl std::fmt::Debug for KeyPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}
