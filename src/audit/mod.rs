//! The audit log read by entries, and written out for other programs.
//!
//! `Entries` reads forward, a stretch of events at a time, so a log of any length takes the memory of one stretch
//! and of the access state. `Writer` takes entries one by one and writes them in a [`Format`].

mod asked;
mod download;
mod entries;
mod ocsf;
mod syslog;
mod table;
mod writer;

pub(crate) use self::asked::{Asked, AskedError, range};
pub(crate) use self::download::Download;
pub(crate) use self::entries::Entries;
pub(crate) use self::writer::{About, Writer};

/// As what entries are written, besides the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// A workbook of Excel.
    Xlsx,
    /// Events of the Open Cybersecurity Schema Framework, as JSON Lines.
    Ocsf,
    /// CloudEvents 1.0, as JSON Lines.
    CloudEvents,
    /// Messages of syslog (RFC 5424), one a line.
    Syslog,
}

impl Format {
    /// Every format there is, with what it is.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Csv, "Comma-separated values, for spreadsheets"),
        (Self::Xlsx, "A workbook of Excel"),
        (Self::Ocsf, "Events of the Open Cybersecurity Schema Framework, as JSON Lines"),
        (Self::CloudEvents, "CloudEvents 1.0, as JSON Lines"),
        (Self::Syslog, "Messages of syslog (RFC 5424), one a line"),
    ];

    /// The format of a name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().map(|(format, _)| *format).find(|format| format.as_str() == name)
    }

    /// As it is written in a command and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Ocsf => "ocsf",
            Self::CloudEvents => "cloudevents",
            Self::Syslog => "syslog",
        }
    }

    /// The media type of a download.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            // Both are JSON Lines.
            Self::Ocsf | Self::CloudEvents => "application/x-ndjson",
            Self::Syslog => "text/plain; charset=utf-8",
        }
    }

    /// How a file of it is usually called.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Ocsf | Self::CloudEvents => "jsonl",
            Self::Syslog => "log",
        }
    }
}
