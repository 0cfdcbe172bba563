//! Settings of signing in by OpenID Connect.

use std::net::IpAddr;

use axum::http::Uri;
use clap::ValueEnum;
use serde::Deserialize;

use super::shown::NOT_SHOWN;

/// What tells members apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignOnClaim {
    /// An e-mail address that the issuer has verified, which is that of one member.
    /// Whoever may change members' addresses can then sign in as any of them.
    Email,
    /// The subject, which is the id of a member.
    #[default]
    Sub,
}

impl std::fmt::Display for SignOnClaim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Email => "email",
            Self::Sub => "sub",
        })
    }
}

/// A secret, which is not shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(NOT_SHOWN)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(NOT_SHOWN)
    }
}

/// The address of an issuer, exactly as it calls itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct IssuerAddress(String);

/// Why a text is no address of an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write an issuer as https://id.example.com, without a user or a query; http is for this machine alone")]
pub struct NotAnIssuer;

impl IssuerAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether what is sent to an address can be read by nobody in between: by TLS, or not leaving this machine.
pub(crate) fn is_private(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => host == "localhost" || address.is_ok_and(|address| address.is_loopback()),
        _ => false,
    }
}

impl std::str::FromStr for IssuerAddress {
    type Err = NotAnIssuer;

    fn from_str(text: &str) -> Result<Self, NotAnIssuer> {
        let uri: Uri = text.parse().map_err(|_| NotAnIssuer)?;
        let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if plain && is_private(&uri) && uri.query().is_none() && !text.contains('#') {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnIssuer)
        }
    }
}

impl TryFrom<String> for IssuerAddress {
    type Error = NotAnIssuer;

    fn try_from(text: String) -> Result<Self, NotAnIssuer> {
        text.parse()
    }
}

impl std::fmt::Display for IssuerAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
