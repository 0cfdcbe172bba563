//! Style and script, in the binary. Their names have a digest in them, so that browsers may keep them for ever.

use std::sync::LazyLock;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

use super::oops::Oops;
use crate::api::service::Shared;

/// The paths of the assets, as pages name them.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", "text/css; charset=utf-8", include_bytes!("assets/style.css")));
/// The script, without which every page works as well.
pub(super) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("script", "js", "text/javascript; charset=utf-8", include_bytes!("assets/script.js")));
/// The icon in the tab.
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_bytes!("assets/icon.svg")));

/// A file of the console.
#[derive(Debug)]
pub(super) struct Asset {
    name: String,
    kind: &'static str,
    bytes: &'static [u8],
}

impl Asset {
    fn new(stem: &str, extension: &str, kind: &'static str, bytes: &'static [u8]) -> Self {
        let digest: String = Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Self { name: format!("{stem}-{digest}.{extension}"), kind, bytes }
    }

    /// Where a page finds it.
    pub(super) fn path(&self) -> String {
        format!("/console/-/assets/{}", self.name)
    }
}

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/-/assets/{name}", get(asset))
}

async fn asset(Path(name): Path<String>) -> Result<Response, Oops> {
    let assets = [&*STYLE, &*SCRIPT, &*ICON];
    let found = assets.into_iter().find(|asset| asset.name == name).ok_or_else(Oops::nothing)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(found.kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    Ok((headers, Bytes::from_static(found.bytes)).into_response())
}
