//! An export sent as it is written.
//!
//! Whoever writes waits for whoever reads: between them is room for a few pieces, so a slow reader costs no memory. A
//! failure breaks the stream off, and the reader knows that it is not whole.

use std::fs::File;
use std::io::{Error, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_blocking;

use super::{About, Entries, Format, Writer};
use crate::engine::EngineError;
use crate::log::pack::{self, PackError, Wanted};
use crate::sheet::SheetError;
use crate::store::Store;

/// Bytes of a piece, about.
const PIECE: usize = 1 << 16;

/// Pieces that wait to be read.
const WAITING: usize = 4;

/// An export on its way.
pub(crate) struct Download(Receiver<Result<Bytes, Error>>);

/// Why an export breaks off.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Sheet(#[from] SheetError),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    File(#[from] Error),
    #[error("the writer ended before its time")]
    Ended(#[from] tokio::task::JoinError),
}

impl Download {
    /// Begins to write, beside whoever asks.
    pub(crate) fn begin(format: Format, about: About, entries: Entries) -> Self {
        let (sender, receiver) = channel(WAITING);
        tokio::spawn(async move {
            let organisation = about.organisation.clone();
            if let Err(broken) = write(format, about, entries, sender.clone()).await {
                tracing::warn!(%organisation, reason = %broken, "an export was broken off");
                // Nobody may be there any more to be told.
                let _ = sender.send(Err(Error::other(broken.to_string()))).await;
            }
        });
        Self(receiver)
    }

    /// Begins to write an evidence pack as an archive of this name. It is made as files first, which are removed.
    pub(crate) fn pack(store: Arc<dyn Store>, wanted: Wanted, name: String) -> Self {
        let (sender, receiver) = channel(WAITING);
        tokio::spawn(async move {
            let organisation = wanted.organisation.clone();
            if let Err(broken) = write_pack(store, wanted, name, sender.clone()).await {
                tracing::warn!(%organisation, reason = %broken, "a pack was broken off");
                let _ = sender.send(Err(Error::other(broken.to_string()))).await;
            }
        });
        Self(receiver)
    }

    /// What is written, piece by piece.
    pub(crate) fn stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send {
        unfold(self.0, async |mut receiver| Some((receiver.recv().await?, receiver)))
    }
}

async fn write(
    format: Format,
    about: About,
    mut entries: Entries,
    sender: Sender<Result<Bytes, Error>>,
) -> Result<(), Broken> {
    // Writing waits for the reader, which a thread of the runtime must not.
    let out = Box::new(Pieces { buffer: Vec::new(), sender });
    let mut writer = spawn_blocking(move || Writer::new(format, out, &about)).await??;
    while let Some(found) = entries.next().await? {
        writer = spawn_blocking(move || -> Result<Writer, SheetError> {
            for (entry, recorded) in found {
                writer.push(&entry, recorded)?;
            }
            Ok(writer)
        })
        .await??;
    }
    Ok(spawn_blocking(move || writer.finish()).await??)
}

async fn write_pack(
    store: Arc<dyn Store>,
    wanted: Wanted,
    name: String,
    sender: Sender<Result<Bytes, Error>>,
) -> Result<(), Broken> {
    let place = spawn_blocking(Place::new).await??;
    let files = place.0.join("pack");
    std::fs::create_dir(&files)?;
    pack::write(&*store, &wanted, &files, || {}).await?;
    let sent = spawn_blocking(move || -> Result<(), Error> {
        let archive = place.0.join(name);
        pack::compress(&files, &archive)?;
        let mut out = Pieces { buffer: Vec::new(), sender };
        std::io::copy(&mut File::open(archive)?, &mut out)?;
        out.flush()
    });
    Ok(sent.await??)
}

/// A directory that only this process reads, for as long as it takes.
struct Place(PathBuf);

impl Place {
    fn new() -> Result<Self, Error> {
        let place = Self(std::env::temp_dir().join(format!("chancery-pack-{}", uuid::Uuid::new_v4())));
        std::fs::DirBuilder::new().mode(0o700).create(&place.0)?;
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "files of a pack are left behind");
        }
    }
}

/// Collects what is written, and sends it by the piece.
struct Pieces {
    buffer: Vec<u8>,
    sender: Sender<Result<Bytes, Error>>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::take(&mut self.buffer));
        self.sender.blocking_send(Ok(piece)).map_err(|_| Error::from(ErrorKind::BrokenPipe))
    }
}
